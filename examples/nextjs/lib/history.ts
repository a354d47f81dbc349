/** What became of a task, in words. Pure. */
import type { HistoryEntry } from './api'
import { dayText } from './dates'
import { words } from './recurrence'
import type { Rows } from './select'

/** Changes that one request made are undone together, so they are shown together. The latest first. */
export function steps(entries: HistoryEntry[]): HistoryEntry[][] {
  const found: HistoryEntry[][] = []
  for (const entry of entries) {
    const latest = found.at(-1)
    if (entry.request_id && latest?.[0]?.request_id === entry.request_id) latest.push(entry)
    else found.push([entry])
  }
  return found
}

type Values = Record<string, unknown>

/** One change of a task as short sentences: what it became, and what it was if that is short. */
export function changes({ change, before, after }: HistoryEntry, rows: Rows, today: string): string[] {
  if (change === 'created') return ['Created']
  if (change === 'deleted') return ['Deleted for good']
  const [was, is] = [(before ?? {}) as Values, (after ?? {}) as Values]
  const said = [...SENTENCES].flatMap(([field, say]) => (field in is ? (say(was, is, rows, today) ?? []) : []))
  return said.length ? said : ['position' in is ? 'Put in another place' : 'Changed']
}

type Say = (was: Values, is: Values, rows: Rows, today: string) => string | string[] | null

const text = (value: unknown): string => String(value ?? '')

const SENTENCES: [string, Say][] = [
  ['deleted_at', (_, is) => (is.deleted_at ? 'Put in the trash' : 'Taken out of the trash')],
  ['completed', (_, is) => (is.completed ? 'Done' : 'Open again')],
  ['title', (was) => `Renamed from “${text(was.title)}”`],
  ['description', (was, is) => `Notes ${!is.description ? 'removed' : was.description ? 'changed' : 'added'}`],
  ['priority', (was, is) => `Priority ${text(is.priority)}, was ${text(was.priority)}`],
  ['tags', (was, is) => tags((was.tags ?? []) as string[], (is.tags ?? []) as string[])],
  ['due_date', (was, is, _, today) => day(was.due_date, is.due_date, today)],
  ['due_time', (_, is) => (is.due_time ? `Time ${text(is.due_time).slice(0, 5)}` : 'due_date' in is ? null : 'Time removed')],
  ['due_time_zone', (_, is) => (is.due_time_zone ? `Zone ${text(is.due_time_zone)}` : 'due_time' in is ? null : 'Zone removed')],
  ['recurrence', (_, is) => (is.recurrence ? words(text(is.recurrence)) : 'Repeats no more')],
  ['recurrence_from', (_, is) => `Repeats from ${is.recurrence_from === 'due' ? 'its date' : 'its completion'}`],
  ['list_id', (_, is, { lists }) => `Moved to ${lists.get(text(is.list_id))?.name ?? 'another list'}`],
  ['parent_id', (_, is, { tasks }) => parent(is.parent_id, tasks)],
]

function day(was: unknown, is: unknown, today: string): string {
  if (!is) return 'Date removed'
  return `Due ${dayText(text(is), today)}${was ? `, was ${dayText(text(was), today)}` : ''}`
}

function tags(was: string[], is: string[]): string[] {
  const name = (all: string[]) => all.map((tag) => `#${tag}`).join(' ')
  const [added, removed] = [is.filter((tag) => !was.includes(tag)), was.filter((tag) => !is.includes(tag))]
  return [...(added.length ? [`Tagged ${name(added)}`] : []), ...(removed.length ? [`Untagged ${name(removed)}`] : [])]
}

const parent = (id: unknown, tasks: Rows['tasks']): string =>
  id ? `Made part of “${tasks.get(text(id))?.title ?? 'another task'}”` : 'Made a task of its own'
