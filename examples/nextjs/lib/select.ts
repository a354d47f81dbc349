/** Which tasks a view shows, in which order and groups. Pure: rows in, groups out. */
import { byPosition } from 'duly-client/position'
import type { List, Task } from 'duly-client/types'
import { dayText, dueHere, urgency } from './dates'
import type { Sort, View } from './view'

export interface Row {
  task: Task
  /** How deep it is shown below others. */
  depth: number
  parts: number
  openParts: number
  /** The title of its parent, where that is not shown above it. */
  parent: string | undefined
}

export interface Group {
  name: string
  title: string | null
  rows: Row[]
}

export interface Rows {
  tasks: ReadonlyMap<string, Task>
  lists: ReadonlyMap<string, List>
}

type Now = { day: string; time: string }

const PRIORITIES = ['urgent', 'high', 'medium', 'low', 'none']
const LAST = '9999'

type Order = (one: Task, other: Task) => number

const alphabet = new Intl.Collator()

/** Equal ones are in the order of their positions. */
function orderOf(sort: Sort, tasks: readonly Task[]): Order {
  // Moments are computed once for each task, not once for each comparison.
  const moments = new Map(sort === 'due' ? tasks.map((task) => [task, moment(task)]) : [])
  const orders: Record<Sort, Order> = {
    manual: byPosition,
    due: (one, other) => compare(moments.get(one)!, moments.get(other)!),
    priority: (one, other) => PRIORITIES.indexOf(one.priority) - PRIORITIES.indexOf(other.priority),
    title: (one, other) => alphabet.compare(one.title, other.title),
    newest: (one, other) => compare(other.created_at, one.created_at),
  }
  const order = orders[sort]
  return (one, other) => order(one, other) || byPosition(one, other)
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

function moment(task: Task): string {
  const due = dueHere(task)
  return due ? `${due.day}T${due.time ?? '24:00'}` : LAST
}

/** As people type: without regard to case and accents. */
const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

function matches(task: Task, words: string[]): boolean {
  const text = fold(`${task.title} ${task.description ?? ''} ${task.tags.map((tag) => `#${tag}`).join(' ')}`)
  return words.every((word) => text.includes(word))
}

export function inbox(lists: Rows['lists']): List | undefined {
  for (const list of lists.values()) if (list.is_inbox) return list
  return undefined
}

/** The list that a view is about, and into which a new task of it goes. */
export const listOf = (view: View, lists: Rows['lists']): List | undefined =>
  view.list ? lists.get(view.list) : view.tag || view.view || view.q ? undefined : inbox(lists)

/** Children by parent, those in the trash apart. */
export function children(tasks: Rows['tasks']): Map<string, Task[]> {
  const found = new Map<string, Task[]>()
  for (const task of tasks.values()) {
    if (!task.parent_id || task.deleted_at) continue
    const beside = found.get(task.parent_id)
    if (beside) beside.push(task)
    else found.set(task.parent_id, [task])
  }
  return found
}

/** A task and all that is below it, from the top down.
 *
 *  Two devices can make two tasks parts of each other, until Duly refuses one of them: each is there once. */
export function withParts(task: Task, below: Map<string, Task[]>): Task[] {
  const found = new Set<Task>()
  const add = (each: Task): void => {
    if (found.has(each)) return
    found.add(each)
    below.get(each.id)?.forEach(add)
  }
  add(task)
  return [...found]
}

/** What the view shows.
 *
 *  @param lingering Ids of tasks that were done a moment ago and stay for a beat. */
export function select(rows: Rows, view: View, now: Now, lingering: ReadonlySet<string>): Group[] {
  const { tasks, lists } = rows
  const words = fold(view.q ?? '').split(/\s+/).filter(Boolean)
  const list = listOf(view, lists)
  const isTrash = view.view === 'trash'
  const isHere = (task: Task): boolean =>
    Boolean(task.deleted_at) === isTrash &&
    (isTrash || !lists.get(task.list_id)?.deleted_at) &&
    (!list || task.list_id === list.id) &&
    (!view.list || list !== undefined) &&
    (!view.tag || task.tags.includes(view.tag)) &&
    (!view.priority || task.priority === view.priority) &&
    (!words.length || matches(task, words))
  const isOpen = (task: Task) => !task.completed || lingering.has(task.id)
  const here = [...tasks.values()].filter(isHere)
  const below = children(tasks)
  const row = (task: Task, depth: number, isBelow: boolean): Row => {
    const parts = below.get(task.id) ?? []
    const parent = isBelow ? undefined : tasks.get(task.parent_id ?? '')?.title
    return { task, depth, parts: parts.length, openParts: parts.filter((part) => !part.completed).length, parent }
  }
  const flat = (name: string, title: string | null, members: Task[]): Group => ({
    ...{ name, title },
    rows: members.map((task) => row(task, 0, false)),
  })

  if (isTrash)
    return [flat('trash', null, here.sort((one, other) => compare(other.deleted_at ?? '', one.deleted_at ?? '')))]

  const done = view.done ? here.filter((task) => !isOpen(task)) : []
  done.sort((one, other) => compare(other.completed_at ?? '', one.completed_at ?? ''))
  const open = here.filter(isOpen)
  const groups = view.view === 'today' || view.view === 'upcoming'
    ? byDay(open, view.view, now).map(({ name, title, members }) => flat(name, title, members))
    : [list && !words.length ? tree(open, view.sort ?? 'manual', row) : flat('all', null, sorted(open, view, lists))]
  return [...groups, flat('done', 'Done', done)].filter((group) => group.rows.length)
}

/** Of several lists: list by list, unless another order is asked for. */
function sorted(tasks: Task[], { sort = 'manual' }: View, lists: Rows['lists']): Task[] {
  const place = new Map([...lists.values()].sort(byPosition).map((list, index) => [list.id, list.is_inbox ? -1 : index]))
  const byList = (one: Task, other: Task) => (place.get(one.list_id) ?? 0) - (place.get(other.list_id) ?? 0)
  const order = orderOf(sort, tasks)
  return tasks.sort((one, other) => (sort === 'manual' && byList(one, other)) || order(one, other))
}

/** Each below its parent, if that is here; siblings in order. */
function tree(tasks: Task[], sort: Sort, row: (task: Task, depth: number, isBelow: boolean) => Row): Group {
  const here = new Set(tasks.map(({ id }) => id))
  const beside = new Map<string, Task[]>()
  for (const task of tasks) {
    const parent = task.parent_id && here.has(task.parent_id) ? task.parent_id : ''
    const siblings = beside.get(parent)
    if (siblings) siblings.push(task)
    else beside.set(parent, [task])
  }
  const order = orderOf(sort, tasks)
  const rows: Row[] = []
  const add = (parent: string, depth: number): void => {
    const siblings = (beside.get(parent) ?? []).sort(order)
    for (const task of siblings) {
      rows.push(row(task, depth, depth > 0))
      add(task.id, depth + 1)
    }
  }
  add('', 0)
  if (rows.length < tasks.length) rows.push(...looped(tasks, rows).map((task) => row(task, 0, false)))
  return { name: 'open', title: null, rows }
}

/** Parts of each other are below nothing that is shown, and are shown all the same. */
function looped(tasks: Task[], rows: Row[]): Task[] {
  const placed = new Set(rows.map(({ task }) => task))
  return tasks.filter((task) => !placed.has(task))
}

function byDay(tasks: Task[], view: 'today' | 'upcoming', now: Now) {
  const groups = new Map<string, { name: string; title: string; members: Task[] }>()
  const dated = tasks.filter((task) => task.due_date)
  for (const task of dated.sort(orderOf('due', dated))) {
    const how = urgency(task, now)
    if (!how || (view === 'today' && how === 'later')) continue
    const day = dueHere(task)!.day
    const name = day < now.day ? 'overdue' : day
    const group = groups.get(name)
    if (group) group.members.push(task)
    else groups.set(name, { name, title: name === 'overdue' ? 'Overdue' : dayText(day, now.day), members: [task] })
  }
  return [...groups.values()]
}

/** How many open tasks the entries of the sidebar have. */
export function counts({ tasks, lists }: Rows, now: Now) {
  const found = { lists: new Map<string, number>(), tags: new Map<string, number>(), today: 0, overdue: 0, trash: 0 }
  const add = (map: Map<string, number>, name: string, by: number) => map.set(name, (map.get(name) ?? 0) + by)
  for (const task of tasks.values()) {
    if (task.deleted_at) found.trash++
    else if (!lists.get(task.list_id)?.deleted_at) {
      for (const tag of task.tags) add(found.tags, tag, task.completed ? 0 : 1)
      if (task.completed) continue
      add(found.lists, task.list_id, 1)
      const how = task.due_date ? urgency(task, now) : null
      if (how === 'overdue' && dueHere(task)!.day < now.day) found.overdue++ // what is late today is below Today
      if (how === 'overdue' || how === 'today') found.today++
    }
  }
  return found
}
