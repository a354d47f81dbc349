/** Where a task goes, as a command; undefined where it cannot. Pure. */
import { byPosition } from 'duly-client/position'
import type { Task, Wish } from 'duly-client/types'
import { children, withParts, type Row } from './select'

type Tasks = ReadonlyMap<string, Task>
type Move = Extract<Wish, { type: 'task.move' }>

export const LEVELS = 5 // that Duly keeps

function siblings(task: Task, tasks: Tasks): Task[] {
  const beside = [...tasks.values()].filter(
    (each) =>
      each.list_id === task.list_id && each.parent_id === task.parent_id && !each.deleted_at && !each.completed,
  )
  return beside.sort(byPosition)
}

/** 1 at the top; more levels than Duly keeps are not counted. */
export function depth(task: Task | undefined, tasks: Tasks, most = LEVELS): number {
  return task ? 1 + (most && depth(tasks.get(task.parent_id ?? ''), tasks, most - 1)) : 0
}

/** How many levels a task has with its parts, itself included; more than Duly keeps are not counted. */
function height(task: Task, below: Map<string, Task[]>, most = LEVELS): number {
  const parts = most ? (below.get(task.id) ?? []) : []
  return 1 + Math.max(0, ...parts.map((part) => height(part, below, most - 1)))
}

/** One place up (-1) or down (1) among its siblings. */
export function shifted(task: Task, by: -1 | 1, tasks: Tasks): Move | undefined {
  const beside = siblings(task, tasks)
  const at = beside.findIndex(({ id }) => id === task.id)
  const other = at < 0 ? undefined : beside[at + by] // what is done is not among them
  return other && { type: 'task.move', id: task.id, ...(by < 0 ? { before: other.id } : { after: other.id }) }
}

/** To be a part of the sibling above it. */
export function nested(task: Task, tasks: Tasks): Move | undefined {
  const beside = siblings(task, tasks)
  const above = beside[beside.findIndex(({ id }) => id === task.id) - 1]
  if (!above || depth(above, tasks) + height(task, children(tasks)) > LEVELS) return undefined
  return { type: 'task.move', id: task.id, parent_id: above.id }
}

/** Out of its parent, to the place behind it. */
export const outdented = (task: Task): Move | undefined =>
  task.parent_id ? { type: 'task.move', id: task.id, after: task.parent_id } : undefined

/** To place `to` of the rows that are shown, counted without it: beside whatever is there. */
export function dropped(id: string, to: number, rows: readonly Row[], tasks: Tasks): Move | undefined {
  const task = tasks.get(id)
  if (!task) return undefined
  const own = new Set(withParts(task, children(tasks)).map((part) => part.id))
  const others = rows.filter((row) => row.task.id !== id)
  const [above, below] = [others[to - 1], others[to]]
  const isWithin = (row: Row | undefined) => row !== undefined && own.has(row.task.id)
  if (isWithin(above) || (isWithin(below) && above === undefined)) return undefined
  if (!above) return below && { type: 'task.move', id, before: below.task.id }
  // Between a task and its first part, it becomes the first part.
  if (below && below.depth > above.depth && !isWithin(below)) return { type: 'task.move', id, before: below.task.id }
  return { type: 'task.move', id, after: above.task.id }
}
