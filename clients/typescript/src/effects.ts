/** What commands do, as Duly will do it: also to what is below a task, and to the tasks of a list.
 *
 *  What comes of a rule of recurrence only Duly knows: completed, such a task is shown as that until
 *  the answer has its next occurrence. */
import { timeOf } from './ids'
import { behind, beside } from './position'
import { idOf, key } from './state'
import { placeOf, Table, Tasks } from './tables'
import type { Change, Command, List, Settings, Task } from './types'

type Of<Type extends Command['type']> = Extract<Command, { type: Type }>
type Place = Pick<Task, 'list_id' | 'parent_id'>
type Wanted = { list_id?: string | null; parent_id?: string | null }

export class Effects {
  readonly tasks = new Tasks()
  readonly lists = new Table<List>()
  settings: Settings | undefined
  /** Keys of what was changed by commands. */
  readonly changed = new Set<string>()

  constructor(private readonly user: string) {}

  /** Show a row as Duly has it. */
  put(name: string, row: Change | undefined): void {
    const data = row?.data ?? undefined
    const id = idOf(name)
    if (name.startsWith('task:')) this.tasks.put(id, data as Task | undefined)
    else if (name.startsWith('list:')) this.lists.put(id, data as List | undefined)
    else this.settings = data as Settings | undefined
  }

  /** All rows that commands changed have been put as Duly has them. */
  reset(): void {
    this.changed.clear()
    this.tasks.reset()
  }

  /** Show what a command does to what is there. */
  lay(command: Command): void {
    const at = timeOf(command.uuid)
    this.changed.add(key(command))
    if (command.type === 'settings.update') this.settings = { ...this.settings, ...fieldsOf(command) }
    else if (command.type === 'task.create') this.makeTask(command, at)
    else if (command.type === 'list.create') this.makeList(command, at)
    else {
      const row = command.type.startsWith('task') ? this.tasks.get(command.id) : this.lists.get(command.id)
      // What is in the trash can only come back: anything else does nothing there, or is refused.
      if (!row || (row.deleted_at !== null) !== command.type.endsWith('.restore')) return
      const effect = this[command.type] as (row: Task | List, command: Command, at: string) => void
      effect.call(this, row, command, at)
    }
  }

  private makeTask(command: Of<'task.create'>, at: string): void {
    const place = this.place({ list_id: this.inbox(), parent_id: null }, command)
    const { completed = false, ...fields } = fieldsOf(command)
    const task: Task = {
      ...{ description: null, completed, completed_at: completed ? at : null, priority: 'none', tags: [] },
      ...{ due_date: null, due_time: null, due_time_zone: null },
      ...{ recurrence: null, recurrence_from: 'due' },
      ...{ ...this.stamp(at), ...fields, ...place },
      position: this.tasks.end(placeOf(place)),
    }
    this.setTask(task)
    this.open(task)
  }

  private 'task.update'(task: Task, command: Of<'task.update'>, at: string): void {
    const { add_tags: added = [], remove_tags: removed = [], ...rest } = fieldsOf(command)
    const { list_id: _list, parent_id: _parent, completed, ...fields } = rest
    const kept = task.tags.filter((tag) => !removed.includes(tag))
    const tags = [...kept, ...added.filter((tag) => !task.tags.includes(tag))]
    const changed = { ...task, tags, ...fields }
    this.setTask(changed)
    const place = this.place(task, command)
    if (placeOf(place) !== placeOf(task)) this.move(changed, place, this.tasks.end(placeOf(place)))
    if (completed !== undefined) this.complete(task.id, completed, at)
  }

  private 'task.complete'(task: Task, { completed = true }: Of<'task.complete'>, at: string): void {
    this.complete(task.id, completed, at)
  }

  private 'task.move'(task: Task, command: Of<'task.move'>): void {
    const { before, after } = command
    const neighbour = this.tasks.get(before ?? after)
    if (neighbour) this.move(task, neighbour, this.tasks.beside(task.id, neighbour, !!before))
    else if (!before && !after) {
      const place = this.place(task, command)
      this.move(task, place, this.tasks.end(placeOf(place)))
    }
  }

  private 'task.delete'(task: Task, _command: Command, at: string): void {
    this.trash([task, ...this.tasks.below(task.id)], at)
  }

  private 'task.restore'(task: Task): void {
    const { id, list_id, parent_id, deleted_at } = task
    const isBelow = !this.tasks.get(parent_id)?.deleted_at
    const isListed = !this.lists.get(list_id)?.deleted_at
    const place = { list_id: isListed ? list_id : this.inbox(), parent_id: isBelow ? parent_id : null }
    const position = isBelow && isListed ? task.position : this.tasks.end(placeOf(place))
    this.bringBack(id, deleted_at)
    this.move({ ...task, deleted_at: null }, place, position)
  }

  private makeList(command: Of<'list.create'>, at: string): void {
    const position = behind(this.positions(command.id))
    this.setList({
      ...{ color: null, archived: false, is_inbox: false, open_count: 0, completed_count: 0 },
      ...{ ...this.stamp(at), ...fieldsOf(command), position },
    })
  }

  private 'list.update'(list: List, command: Of<'list.update'>): void {
    this.setList({ ...list, ...fieldsOf(command) })
  }

  private 'list.move'(list: List, { before, after }: Of<'list.move'>): void {
    const positions = this.positions(list.id)
    const neighbour = this.lists.get(before ?? after)
    const position = neighbour ? beside(neighbour.position, !!before, positions) : behind(positions)
    this.setList({ ...list, position })
  }

  private 'list.delete'(list: List, _command: Command, at: string): void {
    if (list.is_inbox) return
    this.setList({ ...list, deleted_at: at })
    this.trash(this.tasks.below(list.id), at)
  }

  private 'list.restore'(list: List): void {
    this.setList({ ...list, deleted_at: null })
    this.bringBack(list.id, list.deleted_at)
  }

  private trash(tasks: Task[], at: string): void {
    for (const task of tasks) if (!task.deleted_at) this.setTask({ ...task, deleted_at: at })
  }

  /** Out of the trash, what went there with the task or list that it is in: then it did at the same time. */
  private bringBack(place: string, at: string | null): void {
    for (const task of this.tasks.below(place))
      if (task.deleted_at === at) this.setTask({ ...task, deleted_at: null })
  }

  /** Of all lists but one. */
  private positions(except: string): string[] {
    return [...this.lists.values()].filter(({ id }) => id !== except).map(({ position }) => position)
  }

  /** Done with all that is open below it, or open again with what was done with it. */
  private complete(id: string, completed: boolean, at: string): void {
    const task = this.tasks.get(id)
    if (!task || task.completed === completed) return
    const completed_at = completed ? at : null
    for (const each of [task, ...(task.recurrence ? [] : this.tasks.below(id))])
      if (!each.deleted_at && (completed ? !each.completed : each.completed_at === task.completed_at))
        this.setTask({ ...each, completed, completed_at })
    this.open({ ...task, completed })
  }

  /** What has an open part is open. */
  private open({ completed, parent_id }: Task): void {
    for (let above = this.tasks.get(parent_id); !completed && above?.completed; ) {
      this.setTask({ ...above, completed: false, completed_at: null })
      above = this.tasks.get(above.parent_id)
    }
  }

  /** With all that is below it; not below itself, which Duly refuses. */
  private move(task: Task, { list_id, parent_id }: Place, position: string): void {
    const parts = this.tasks.below(task.id)
    if ([task, ...parts].some(({ id }) => id === parent_id)) return
    this.setTask({ ...task, list_id, parent_id, position })
    for (const part of parts) if (part.list_id !== list_id) this.setTask({ ...part, list_id })
    this.open({ ...task, parent_id })
  }

  /** Where Duly puts what is in one place and is wanted in another. */
  private place(now: Place, wanted: Wanted): Place {
    const list = wanted.list_id === null ? this.inbox() : wanted.list_id
    const stays = list === undefined || list === now.list_id
    const parent_id = wanted.parent_id === undefined ? (stays ? now.parent_id : null) : wanted.parent_id
    return { list_id: list ?? this.tasks.get(parent_id)?.list_id ?? now.list_id, parent_id }
  }

  private inbox(): string {
    return [...this.lists.values()].find((list) => list.is_inbox)?.id ?? ''
  }

  /** What everything new has; version 0 says that Duly does not know it yet. */
  private stamp(at: string) {
    return { user_id: this.user, created_at: at, updated_at: at, deleted_at: null, version: 0 }
  }

  private setTask(task: Task): void {
    this.changed.add(key({ type: 'task', id: task.id }))
    this.tasks.put(task.id, task)
  }

  private setList(list: List): void {
    this.changed.add(key({ type: 'list', id: list.id }))
    this.lists.put(list.id, list)
  }
}

/** What a command carries besides what every command has. */
export function fieldsOf<C extends Command>(command: C): Omit<C, 'uuid' | 'type' | 'base_version'> {
  const { uuid: _uuid, type: _type, base_version: _version, ...fields } = command
  return fields
}
