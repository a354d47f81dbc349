/** What is understood of a line such as `Call Bob tomorrow 9:00 #work !high @Home every week`. Pure. */
import type { List, Task } from 'duly-client/types'
import { addDays, dayText, following, weekday } from './dates'

type Fields = Partial<
  Pick<Task, 'title' | 'due_date' | 'due_time' | 'priority' | 'tags' | 'recurrence' | 'list_id'>
>

export interface Chip {
  kind: 'date' | 'time' | 'repeat' | 'tag' | 'priority' | 'list'
  /** The words that were understood; leave them as they are by putting them into `literal`. */
  words: string
  label: string
}

export interface Understood {
  title: string
  chips: Chip[]
  fields: Fields
}

interface Context {
  /** Today, as `YYYY-MM-DD`. */
  day: string
  lists: Iterable<List>
  literal: ReadonlySet<string>
}

interface Rule {
  kind: Chip['kind']
  pattern: RegExp
  read: (words: string[], context: Context) => { label: string; fields: Fields } | undefined
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAY = 'sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?'
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*'
const UNITS: Record<string, string> = { day: 'DAILY', week: 'WEEKLY', month: 'MONTHLY', year: 'YEARLY' }
const LEVELS: Record<string, Task['priority']> = {
  ...{ '1': 'urgent', '2': 'high', '3': 'medium', '4': 'low' },
  ...{ urgent: 'urgent', high: 'high', medium: 'medium', low: 'low' },
}

/** Words of their own, not parts of others. */
const words = (pattern: string) => new RegExp(`(?<=^|\\s)(?:${pattern})(?=$|\\s|[,;])`, 'giu')
const indexOfDay = (name: string) => DAYS.findIndex((day) => day.startsWith(name.slice(0, 3)))

const RULES: Rule[] = [
  {
    kind: 'repeat',
    pattern: words(`(?:every|each)\\s+(?:(\\d{1,2})\\s+|(other)\\s+)?(day|week|month|year|weekday|${DAY})s?|(daily|weekly|monthly|yearly)`),
    read: ([all = '', count, other, unit = '', adverb], { day }) => {
      const label = all.toLowerCase().replace(/\s+/g, ' ').replace(/^\w/, (letter) => letter.toUpperCase())
      const interval = Number(other ? 2 : (count ?? 1))
      const rest = interval > 1 ? `;INTERVAL=${interval}` : ''
      if (adverb) return { label, fields: { recurrence: `FREQ=${adverb.toUpperCase()}`, due_date: day } }
      if (!interval) return undefined
      if (unit === 'weekday') {
        const next = [0, 6].includes(weekday(day)) ? following(day, 1) : day
        return { label, fields: { recurrence: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', due_date: next } }
      }
      const frequency = UNITS[unit]
      if (frequency) return { label, fields: { recurrence: `FREQ=${frequency}${rest}`, due_date: day } }
      const wanted = indexOfDay(unit)
      const recurrence = `FREQ=WEEKLY${rest};BYDAY=${DAYS[wanted]!.slice(0, 2).toUpperCase()}`
      return { label, fields: { recurrence, due_date: following(addDays(day, -1), wanted) } }
    },
  },
  {
    kind: 'date',
    pattern: words(
      `(today|tod|tomorrow|tom|tonight|yesterday|(?:next|this)\\s+week(?:end)?|weekend)|(?:on\\s+|next\\s+)?(${DAY})|in\\s+(\\d{1,3})\\s+(day|week|month)s?|` +
        `(\\d{4}-\\d{2}-\\d{2})|(\\d{1,2})\\.?\\s+(${MONTH})|(${MONTH})\\s+(\\d{1,2})(?:st|nd|rd|th)?`,
    ),
    read: ([, near, name, count, unit, iso, dayFirst, monthSecond, monthFirst, daySecond], { day }) => {
      const due_date = near
        ? named(near, day)
        : name
          ? following(day, indexOfDay(name))
          : count
            ? later(day, Number(count), unit!)
            : (iso ?? calendar(Number(dayFirst ?? daySecond), (monthSecond ?? monthFirst)!, day))
      if (!due_date || !isDay(due_date)) return undefined
      return { label: dayText(due_date, day), fields: { due_date } }
    },
  },
  {
    kind: 'time',
    pattern: words('(?:at\\s+)?(\\d{1,2}):(\\d{2})(?:\\s?([ap])m)?|(?:at\\s+)?(\\d{1,2})\\s?([ap])m|(noon|midnight)'),
    read: ([, hour, minute = '00', half, hourAlone, halfAlone, name]) => {
      const half12 = (half ?? halfAlone)?.toLowerCase()
      let hours = name ? (name.toLowerCase() === 'noon' ? 12 : 0) : Number(hour ?? hourAlone)
      if (half12) {
        if (hours < 1 || hours > 12) return undefined
        hours = (hours % 12) + (half12 === 'p' ? 12 : 0)
      }
      if (hours > 23 || Number(minute) > 59) return undefined
      const due_time = `${String(hours).padStart(2, '0')}:${minute}`
      return { label: due_time, fields: { due_time } }
    },
  },
  {
    kind: 'tag',
    pattern: words('#([\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}_/-]*)'),
    read: ([, tag = '']) => ({ label: `#${tag.toLowerCase()}`, fields: { tags: [tag.toLowerCase()] } }),
  },
  {
    kind: 'priority',
    pattern: words('!([1-4]|urgent|high|medium|low)'),
    read: ([, level = '']) => {
      const priority = LEVELS[level.toLowerCase()]!
      return { label: `${priority[0]!.toUpperCase()}${priority.slice(1)}`, fields: { priority } }
    },
  },
  {
    kind: 'list',
    pattern: words('@(\\S+)'),
    read: ([, name = ''], { lists }) => {
      const wanted = name.toLowerCase()
      const usable = [...lists].filter((list) => !list.deleted_at && !list.archived)
      const plain = (list: List) => list.name.toLowerCase().replace(/\s+/g, '-')
      const found = usable.find((list) => plain(list) === wanted) ?? usable.find((list) => plain(list).startsWith(wanted))
      return found && { label: found.name, fields: { list_id: found.id } }
    },
  },
]

function named(words: string, day: string): string {
  const text = words.toLowerCase().replace(/\s+/g, ' ')
  if (text.startsWith('tod') || text === 'tonight') return day
  if (text === 'yesterday') return addDays(day, -1)
  if (text.startsWith('tom')) return addDays(day, 1)
  if (text.endsWith('weekend')) return following(addDays(day, text.startsWith('next') ? 6 : -1), 6)
  return text === 'this week' ? following(addDays(day, -1), 5) : following(day, 1)
}

function later(day: string, count: number, unit: string): string {
  if (unit !== 'month') return addDays(day, count * (unit === 'week' ? 7 : 1))
  const [year, month, of] = day.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + count, Math.min(of, last))).toISOString().slice(0, 10)
}

/** This year's, or next year's when it is over. */
function calendar(day: number, month: string, today: string): string {
  const at = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1
  const text = `${String(at).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  const year = Number(today.slice(0, 4))
  return `${text < today.slice(5) ? year + 1 : year}-${text}`
}

const isDay = (text: string): boolean => {
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text
}

export function understand(text: string, context: Context): Understood {
  const found: { from: number; to: number; chip: Chip; fields: Fields }[] = []
  for (const { kind, pattern, read } of RULES) {
    for (const match of text.matchAll(pattern)) {
      const [from, to] = [match.index, match.index + match[0].length]
      const isTaken = found.some((other) => from < other.to && other.from < to)
      const isOneTooMany = kind !== 'tag' && found.some(({ chip }) => chip.kind === kind)
      if (isTaken || isOneTooMany || context.literal.has(match[0])) continue
      const meant = read([...match].map((part, index) => (index ? part?.toLowerCase() : part)) as string[], context)
      if (meant) found.push({ from, to, chip: { kind, words: match[0], label: meant.label }, fields: meant.fields })
    }
  }
  const fields: Fields = {}
  for (const each of found) {
    const tags = [...new Set([...(fields.tags ?? []), ...(each.fields.tags ?? [])])]
    // A date that was said counts for more than the one that a recurrence begins with.
    Object.assign(fields, each.fields, tags.length && { tags })
  }
  if (fields.due_time && !fields.due_date) fields.due_date = context.day
  const places = found.sort((one, other) => one.from - other.from)
  let rest = ''
  let at = 0
  for (const { from, to } of places) {
    rest += text.slice(at, from)
    at = to
  }
  const title = (rest + text.slice(at)).replace(/\s+/g, ' ').replace(/^[\s,;]+|[\s,;]+$/g, '')
  return { title, chips: places.map(({ chip }) => chip), fields }
}
