/** What takes a command back, computed from what was there before it. */
import { byPosition } from 'duly-client/position'
import type { List, Task, Wish } from 'duly-client/types'
import { children, type Rows, withParts } from './select'

export function inverse(wish: Wish, rows: Rows): Wish[] {
  switch (wish.type) {
    case 'task.create':
      return [{ type: 'task.delete', id: wish.id }]
    case 'task.delete':
      return [{ type: 'task.restore', id: wish.id }]
    case 'task.restore':
      return [{ type: 'task.delete', id: wish.id }]
    case 'list.create':
      return [{ type: 'list.delete', id: wish.id }]
    case 'list.delete':
      return [{ type: 'list.restore', id: wish.id }]
    case 'list.restore':
      return [{ type: 'list.delete', id: wish.id }]
    case 'settings.update':
      return []
    case 'list.update':
    case 'list.move': {
      const list = rows.lists.get(wish.id)
      if (!list) return []
      if (wish.type === 'list.update') return [{ type: 'list.update', id: wish.id, ...former(list, wish) } as Wish]
      const others = [...rows.lists.values()].filter((each) => !each.is_inbox && !each.deleted_at)
      return [{ type: 'list.move', id: wish.id, ...beside(list.id, others) }]
    }
  }
  const task = rows.tasks.get(wish.id)
  if (!task) return []
  if (wish.type === 'task.complete') return completed(task, rows)
  if (wish.type === 'task.move') return [back(task, rows)]
  const { add_tags = [], remove_tags = [], list_id, parent_id, ...fields } = wish
  const [added, removed] = [add_tags.filter((tag) => !task.tags.includes(tag)), remove_tags.filter((tag) => task.tags.includes(tag))]
  const tags = { ...(added.length && { remove_tags: added }), ...(removed.length && { add_tags: removed }) }
  const isMoved = list_id !== undefined || parent_id !== undefined
  const undone = { type: 'task.update', id: task.id, ...former(task, fields), ...tags } as Wish
  return [...(isMoved ? [back(task, rows)] : []), ...(Object.keys(undone).length > 2 ? [undone] : [])]
}

/** What a wish is about, if it is there. */
export const rowOf = (wish: Wish, { tasks, lists }: Rows): Task | List | undefined =>
  wish.type === 'settings.update' ? undefined : (wish.type.startsWith('task') ? tasks : lists).get(wish.id)

/** What takes back only what is as it was left: what somebody else has changed since is theirs.
 *
 *  @param left The row as it was after what is taken back; undefined as long as nobody else can know of that. */
export function stillOwn(undo: Wish, left: object | undefined, now: object | undefined): Wish | undefined {
  if (!left || !now || !undo.type.endsWith('.update')) return undo
  const [was, is] = [left, now] as [Record<string, unknown>, Record<string, unknown>]
  const isTheirs = (field: string) => field in was && JSON.stringify(was[field]) !== JSON.stringify(is[field])
  const own = Object.entries(undo).filter(([field]) => !isTheirs(field))
  return own.length > 2 ? (Object.fromEntries(own) as Wish) : undefined
}

/** The values that the named fields have had. */
function former(row: object, fields: object): object {
  const known = Object.entries(row).filter(([name]) => name in fields && name !== 'id' && name !== 'type')
  return Object.fromEntries(known)
}

/** Open parts are done together with a task, and are open again with it. */
function completed(task: Task, { tasks }: Rows): Wish[] {
  if (task.completed) return [{ type: 'task.complete', id: task.id, completed: true }]
  // Of a task that recurs Duly takes back the step, and its parts with it.
  const all = task.recurrence ? [task] : withParts(task, children(tasks))
  const ids = all.filter((each) => !each.completed).map(({ id }) => id)
  return ids.map((id) => ({ type: 'task.complete', id, completed: false }))
}

/** To where a task is now. */
function back(task: Task, { tasks }: Rows): Wish {
  const siblings = [...tasks.values()].filter(
    (each) => each.list_id === task.list_id && each.parent_id === task.parent_id && !each.deleted_at,
  )
  const place = beside(task.id, siblings)
  // A list alone, if it is that of the parent, would leave it there.
  const alone = task.parent_id ? { parent_id: task.parent_id } : { list_id: task.list_id, parent_id: null }
  return { type: 'task.move', id: task.id, ...('after' in place || 'before' in place ? place : alone) }
}

function beside<Row extends { id: string; position: string }>(id: string, rows: Row[]) {
  const ids = rows.sort(byPosition).map((row) => row.id)
  const at = ids.indexOf(id)
  const [before, after] = [ids[at - 1], ids[at + 1]]
  return before ? { after: before } : after ? { before: after } : {}
}
