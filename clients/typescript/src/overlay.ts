/** What is on the screen: the rows that Duly has, with the commands that wait laid over them.
 *
 *  A refused command is taken back by leaving it out. What Duly will change besides the entity that
 *  a command names, the parts of a completed task say, comes with its answer. */
import { key, type State } from './state'
import { moved } from './position'
import type { Change, Command, List, Settings, Task } from './types'

type Place = Pick<Task, 'list_id' | 'parent_id'>

export class Overlay {
  tasks: ReadonlyMap<string, Task> = new Map()
  lists: ReadonlyMap<string, List> = new Map()
  settings: Settings | undefined

  constructor(private readonly user: string) {}

  /** Make the rows of these keys anew, and with them the maps that they are in. */
  refresh(state: State, keys: Iterable<string>): void {
    const waiting = new Map<string, Command[]>()
    for (const { command } of state.outbox)
      waiting.set(key(command), [...(waiting.get(key(command)) ?? []), command])
    const touched = { task: new Set<string>(), list: new Set<string>(), settings: new Set<string>() }
    for (const name of keys) touched[name.slice(0, name.indexOf(':')) as Change['type']].add(name)

    const laid = <Row>(name: string, lay: (row: Row | undefined, command: Command) => Row | undefined) =>
      (waiting.get(name) ?? []).reduce(lay, (state.rows.get(name)?.data ?? undefined) as Row | undefined)
    // Lists first: a new task may be in the inbox.
    const lists = touched.list.size ? new Map(this.lists) : this.lists
    this.lists = lists
    for (const name of touched.list) put(lists as Map<string, List>, name.slice(5), laid(name, this.list))
    const tasks = touched.task.size ? new Map(this.tasks) : this.tasks
    this.tasks = tasks
    for (const name of touched.task) put(tasks as Map<string, Task>, name.slice(5), laid(name, this.task))
    for (const name of touched.settings) this.settings = laid(name, setting)
  }

  private readonly task = (task: Task | undefined, command: Command): Task | undefined => {
    if (command.type === 'task.create') return this.created(command)
    if (!task) return task
    switch (command.type) {
      case 'task.update': {
        const { add_tags: added = [], remove_tags: removed = [], ...fields } = fieldsOf(command)
        const kept = task.tags.filter((tag) => !removed.includes(tag) && !added.includes(tag))
        return { ...task, tags: [...kept, ...added], ...fields, ...this.place(task, command) }
      }
      case 'task.complete': {
        const completed = command.completed ?? true
        return { ...task, completed, completed_at: completed ? now() : null }
      }
      case 'task.move': {
        const beside = this.tasks.get(command.before ?? command.after ?? '')
        const { list_id, parent_id } = beside ?? this.place(task, command)
        const isBeside = (other: Task) =>
          other.list_id === list_id && other.parent_id === parent_id && other.id !== task.id
        return { ...task, list_id, parent_id, position: moved(this.tasks, isBeside, command) }
      }
      case 'task.delete':
        return { ...task, deleted_at: now() }
      case 'task.restore':
        return { ...task, deleted_at: null }
    }
    return task
  }

  private readonly list = (list: List | undefined, command: Command): List | undefined => {
    if (command.type === 'list.create')
      return {
        ...{ color: null, archived: false, is_inbox: false, open_count: 0, completed_count: 0 },
        ...{ ...this.stamp(command.id), ...fieldsOf(command) },
        position: this.lists.get(command.id)?.position ?? moved(this.lists, () => true, {}),
      }
    if (!list) return list
    switch (command.type) {
      case 'list.update':
        return { ...list, ...fieldsOf(command) }
      case 'list.move':
        return { ...list, position: moved(this.lists, ({ id }) => id !== list.id, command) }
      case 'list.delete':
        return { ...list, deleted_at: now() }
      case 'list.restore':
        return { ...list, deleted_at: null }
    }
    return list
  }

  private created(command: Command & { type: 'task.create' }): Task {
    const place = this.place({ list_id: this.inbox(), parent_id: null }, command)
    const isBeside = ({ list_id, parent_id }: Task) =>
      list_id === place.list_id && parent_id === place.parent_id
    return {
      ...{ description: null, completed: false, completed_at: null, priority: 'none', tags: [] },
      ...{ due_date: null, due_time: null, due_time_zone: null },
      ...{ recurrence: null, recurrence_from: 'due' },
      ...{ ...this.stamp(command.id), ...fieldsOf(command), ...place },
      position: this.tasks.get(command.id)?.position ?? moved(this.tasks, isBeside, {}),
    }
  }

  /** Where a command puts what is there now: a part is in its parent's list. */
  private place(
    { list_id, parent_id }: Place,
    wanted: { list_id?: string | null; parent_id?: string | null },
  ): Place {
    const parent = wanted.parent_id ? this.tasks.get(wanted.parent_id) : undefined
    if (parent) return { list_id: parent.list_id, parent_id: parent.id }
    if (wanted.list_id !== undefined) return { list_id: wanted.list_id ?? this.inbox(), parent_id: null }
    return { list_id, parent_id: wanted.parent_id === null ? null : parent_id }
  }

  private inbox(): string {
    return [...this.lists.values()].find((list) => list.is_inbox)?.id ?? ''
  }

  /** What everything new has; version 0 says that Duly does not know it yet. */
  private stamp(id: string) {
    // A UUIDv7 begins with when it was made (RFC 9562).
    const at = new Date(parseInt(id.replace('-', '').slice(0, 12), 16)).toISOString()
    return { user_id: this.user, created_at: at, updated_at: at, deleted_at: null, version: 0 }
  }
}

const now = (): string => new Date().toISOString()

function put<Row>(rows: Map<string, Row>, id: string, row: Row | undefined): void {
  if (row) rows.set(id, row)
  else rows.delete(id)
}

const setting = (settings: Settings | undefined, command: Command): Settings | undefined =>
  command.type === 'settings.update' ? { ...settings, ...fieldsOf(command) } : settings

/** What a command carries besides what every command has. */
function fieldsOf<C extends Command>(command: C): Omit<C, 'uuid' | 'type' | 'base_version'> {
  const { uuid: _uuid, type: _type, base_version: _version, ...fields } = command
  return fields
}
