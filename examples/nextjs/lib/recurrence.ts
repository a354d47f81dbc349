/** Recurrence rules (RRULE of RFC 5545) as a form can show them, and in words. Pure. */
import { addDays, weekday } from './dates'

export const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const
export type Day = (typeof DAYS)[number]

export const UNITS = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' } as const
export type Unit = keyof typeof UNITS

export const DAY_NAMES: Record<Day, string> = {
  ...{ MO: 'Monday', TU: 'Tuesday', WE: 'Wednesday', TH: 'Thursday', FR: 'Friday' },
  ...{ SA: 'Saturday', SU: 'Sunday' },
}

export interface Rule {
  unit: Unit
  every: number
  /** Of weeks; none is the weekday of the first due. */
  days: Day[]
  /** Of months: a day of the month, or the nth of a weekday, both from the end if below 0; null is as the first due. */
  on: { day: number } | { nth: number; weekday: Day } | null
  end: { until: string } | { count: number } | null
}

export const WEEKDAYS: Day[] = DAYS.slice(0, 5)

export const PRESETS: readonly string[] = [
  'FREQ=DAILY',
  `FREQ=WEEKLY;BYDAY=${WEEKDAYS}`,
  'FREQ=WEEKLY',
  'FREQ=WEEKLY;INTERVAL=2',
  'FREQ=MONTHLY',
  'FREQ=YEARLY',
]

const KNOWN = ['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'UNTIL', 'COUNT', 'WKST']

/** The rule that a text is; null if it says more than the form can show. */
export function read(text: string): Rule | null {
  const part = new Map(text.split(';').map((each) => each.split('=') as [string, string]))
  const unit = part.get('FREQ') ?? ''
  const isKnown = [...part.keys()].every((name) => KNOWN.includes(name))
  if (!isKnown || !(unit in UNITS) || (part.get('WKST') ?? 'MO') !== 'MO') return null
  const rule: Rule = { unit: unit as Unit, every: Number(part.get('INTERVAL') ?? 1), days: [], on: null, end: null }
  const [days, monthDay, until, count] = [part.get('BYDAY'), part.get('BYMONTHDAY'), part.get('UNTIL'), part.get('COUNT')]
  if (days !== undefined && monthDay !== undefined) return null
  if (days !== undefined && !readDays(rule, days)) return null
  if (monthDay !== undefined && !readMonthDay(rule, monthDay)) return null
  if (until !== undefined && !/^\d{8}$/.test(until)) return null
  if (until) rule.end = { until: until.replace(/(....)(..)(..)/, '$1-$2-$3') }
  if (count) rule.end = { count: Number(count) }
  return rule
}

function readDays(rule: Rule, text: string): boolean {
  if (rule.unit === 'WEEKLY') {
    const days = text.split(',')
    rule.days = DAYS.filter((day) => days.includes(day))
    return rule.days.length === days.length
  }
  const match = /^([1-4]|-1)([A-Z]{2})$/.exec(text)
  if (rule.unit !== 'MONTHLY' || !match) return false
  rule.on = { nth: Number(match[1]), weekday: match[2] as Day }
  return true
}

function readMonthDay(rule: Rule, text: string): boolean {
  if (rule.unit !== 'MONTHLY' || !/^(-1|\d{1,2})$/.test(text)) return false
  rule.on = { day: Number(text) }
  return true
}

export function write({ unit, every, days, on, end }: Rule): string {
  return [
    `FREQ=${unit}`,
    every > 1 && `INTERVAL=${every}`,
    unit === 'WEEKLY' && days.length && `BYDAY=${DAYS.filter((day) => days.includes(day))}`,
    unit === 'MONTHLY' && on && ('day' in on ? `BYMONTHDAY=${on.day}` : `BYDAY=${on.nth}${on.weekday}`),
    end && ('until' in end ? `UNTIL=${end.until.replaceAll('-', '')}` : `COUNT=${end.count}`),
  ].filter(Boolean).join(';')
}

/** `Every 2 weeks on Monday and Friday, until 31 Dec 2026`; what the form cannot show is said as it is. */
export function words(text: string): string {
  const rule = read(text)
  if (!rule) return text
  const { unit, every, days, on, end } = rule
  if (unit === 'WEEKLY' && every === 1 && String(days) === String(WEEKDAYS)) return `Every weekday${ending(end)}`
  const rhythm = every === 1 ? `Every ${UNITS[unit]}` : `Every ${every} ${UNITS[unit]}s`
  const names = days.map((day) => DAY_NAMES[day])
  const which = names.length ? ` on ${new Intl.ListFormat('en-GB').format(names)}` : on ? ` on ${place(on)}` : ''
  return `${rhythm}${which}${ending(end)}`
}

function place(on: NonNullable<Rule['on']>): string {
  if ('weekday' in on) return `the ${ordinal(on.nth)} ${DAY_NAMES[on.weekday]}`
  return on.day < 0 ? 'the last day' : `the ${ordinal(on.day)}`
}

const ENDS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' }
const COUNTING = new Intl.PluralRules('en', { type: 'ordinal' })

export const ordinal = (number: number): string =>
  number < 0 ? 'last' : `${number}${ENDS[COUNTING.select(number)] ?? 'th'}`

function ending(end: Rule['end']): string {
  if (!end) return ''
  if ('count' in end) return end.count === 1 ? ', once' : `, ${end.count} times`
  const day = new Date(end.until).toLocaleDateString('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })
  return `, until ${day}`
}

/** The first day of a rule that is not before `from`: a task without a date begins there. */
export function first(text: string, from: string): string {
  const { days, on } = read(text) ?? { days: [], on: null }
  const wanted = (day: string): boolean => {
    if (days.length) return days.some((each) => isOn(day, each))
    if (!on) return true
    const left = Number(addDays(day, 1).slice(8)) === 1
    if ('day' in on) return on.day < 0 ? left : Number(day.slice(8)) === on.day
    if (!isOn(day, on.weekday)) return false
    const isLast = addDays(day, 7).slice(5, 7) !== day.slice(5, 7)
    return on.nth < 0 ? isLast : Math.ceil(Number(day.slice(8)) / 7) === on.nth
  }
  let day = from
  // A 31st is at most two months away, anything else is nearer.
  for (let tries = 0; tries < 63 && !wanted(day); tries++) day = addDays(day, 1)
  return day
}

const isOn = (day: string, wanted: Day): boolean => weekday(day) === (DAYS.indexOf(wanted) + 1) % 7

export const dayOf = (day: string): Day => DAYS[(weekday(day) + 6) % 7]!

