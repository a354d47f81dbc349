/** Calendar days as `YYYY-MM-DD`, which compare as text, and what they are called. */

interface Due {
  due_date: string | null
  due_time: string | null
  due_time_zone: string | null
}

const DAY = 86_400_000 // milliseconds

/** Making one takes longer than using it a hundred times. */
const clocks = new Map<string, Intl.DateTimeFormat>()

function clock(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known) return known
  const made = madeClock(zone)
  clocks.set(zone, made)
  return made
}

function madeClock(timeZone: string): Intl.DateTimeFormat {
  const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  try {
    return new Intl.DateTimeFormat('en-GB', { ...parts, hourCycle: 'h23', timeZone })
  } catch {
    // Duly knows zones that a browser may not: then it is due when a clock here shows that.
    return new Intl.DateTimeFormat('en-GB', { ...parts, hourCycle: 'h23', timeZone: ZONE })
  }
}

/** The day and the time of an instant on the clock of a zone. */
function onClock(instant: number, zone: string): { day: string; time: string } {
  const part = Object.fromEntries(clock(zone).formatToParts(instant).map(({ type, value }) => [type, value]))
  return { day: `${part.year!.padStart(4, '0')}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` }
}

function zoneHere(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone }).resolvedOptions().timeZone
  } catch {
    return 'UTC' // a device that does not know its zone has the name of none
  }
}

/** The zone of this device. */
export const ZONE = zoneHere()

/** In other zones these may be days that have no four digits for their year. */
const isAtTheEnd = (day: string): boolean => day < '0002' || day > '9999'

export const now = () => onClock(Date.now(), ZONE)

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10)

/** 0 is Sunday. */
export const weekday = (day: string): number => new Date(day).getUTCDay()

/** The next day after `day` that is this weekday. */
export const following = (day: string, wanted: number): string =>
  addDays(day, ((wanted - weekday(day) + 6) % 7) + 1)

/** When a task is due on the user's own clock: a time in another zone may be another day here. */
export function dueHere({ due_date, due_time, due_time_zone }: Due): { day: string; time: string | null } | null {
  if (!due_date) return null
  const time = due_time?.slice(0, 5) ?? null
  if (!time || !due_time_zone || due_time_zone === ZONE || isAtTheEnd(due_date)) return { day: due_date, time }
  return onClock(instant(due_date, time, due_time_zone), ZONE)
}

/** When a clock in a zone shows this, as Duly sees it: what it shows twice is the first one, and what it
 *  leaves out is as if it went on as before. */
function instant(day: string, time: string, zone: string): number {
  const shown = Date.parse(`${day}T${time}Z`)
  const [first, second] = [-DAY, DAY].map((away) => shown - offset(shown + away, zone)) as [number, number]
  const isShown = (at: number) => at + offset(at, zone) === shown
  return !isShown(first) && isShown(second) ? second : first
}

/** How far a clock is ahead of UTC, in milliseconds. */
function offset(at: number, zone: string): number {
  const { day, time } = onClock(at, zone)
  return Date.parse(`${day}T${time}Z`) - at
}

export type Urgency = 'overdue' | 'today' | 'later'

export function urgency(due: Due, { day, time }: { day: string; time: string }): Urgency | null {
  const here = dueHere(due)
  if (!here) return null
  if (here.day !== day) return here.day < day ? 'overdue' : 'later'
  return here.time && here.time < time ? 'overdue' : 'today'
}

const forms = {
  weekday: { weekday: 'long' },
  day: { day: 'numeric', month: 'short' },
  year: { day: 'numeric', month: 'short', year: 'numeric' },
} as const
const formats = Object.fromEntries(
  Object.entries(forms).map(([name, form]) => [name, new Intl.DateTimeFormat('en-GB', { ...form, timeZone: 'UTC' })]),
) as Record<keyof typeof forms, Intl.DateTimeFormat>

/** `Today`, `Tomorrow`, `Friday`, `3 Dec`, with the year if it is another one. */
export function dayText(day: string, today: string): string {
  const away = Math.round((Date.parse(day) - Date.parse(today)) / DAY)
  const near = { '-1': 'Yesterday', '0': 'Today', '1': 'Tomorrow' }[String(away)]
  if (near) return near
  const form = away > 1 && away < 7 ? 'weekday' : day.slice(0, 4) === today.slice(0, 4) ? 'day' : 'year'
  return formats[form].format(new Date(day))
}

export function dueText(due: Due, today: string): string {
  const here = dueHere(due)
  return here ? [dayText(here.day, today), here.time].filter(Boolean).join(' ') : ''
}

/** An instant, for people: `Today 14:05`. */
export function momentText(instant: string, today: string): string {
  const { day, time } = onClock(Date.parse(instant), ZONE)
  return `${dayText(day, today)} ${time}`
}
