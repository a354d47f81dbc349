/** What Duly says and takes, of its OpenAPI document as much as a replica needs. */

export interface Task {
  id: string
  user_id: string
  title: string
  description: string | null
  completed: boolean
  completed_at: string | null
  priority: 'none' | 'low' | 'medium' | 'high' | 'urgent'
  tags: string[]
  due_date: string | null
  due_time: string | null
  due_time_zone: string | null
  recurrence: string | null
  recurrence_from: 'due' | 'completion'
  list_id: string
  parent_id: string | null
  /** Sorts it by `<`, never by `localeCompare`; equal ones by id. */
  position: string
  created_at: string
  updated_at: string
  deleted_at: string | null
  version: number
}

export interface List {
  id: string
  user_id: string
  name: string
  color: string | null
  archived: boolean
  position: string
  is_inbox: boolean
  /** As of the list's own latest change: a replica counts its tasks instead. */
  open_count: number
  completed_count: number
  created_at: string
  updated_at: string
  deleted_at: string | null
  version: number
}

export interface Settings {
  time_zone: string
}

interface Of<Type extends string, Data> {
  type: Type
  id: string
  version: number
  /** Gone for good; what is in the trash has a `deleted_at`. */
  deleted: boolean
  data: Data | null
}
export type Change = Of<'task', Task> | Of<'list', List> | Of<'settings', Settings>

type TaskFields = Pick<
  Task,
  | 'title' | 'description' | 'completed' | 'priority' | 'tags'
  | 'due_date' | 'due_time' | 'due_time_zone' | 'recurrence' | 'recurrence_from'
>
type Place = { list_id?: string | null; parent_id?: string | null }
type ListFields = Pick<List, 'name' | 'color' | 'archived'>
type Beside = { before?: string; after?: string }
type On<Type extends string, Fields = unknown> = { type: Type; id: string } & Fields

/** What a client may ask for, without what the replica adds by itself. */
export type Wish =
  | On<'task.create', Partial<TaskFields> & { title: string } & Place>
  | On<'task.update', Partial<TaskFields> & Place & { add_tags?: string[]; remove_tags?: string[] }>
  | On<'task.complete', { completed?: boolean; occurrence?: string }>
  | On<'task.move', Beside & Place>
  | On<'task.delete'>
  | On<'task.restore'>
  | On<'list.create', Partial<ListFields> & { name: string }>
  | On<'list.update', Partial<ListFields>>
  | On<'list.move', Beside>
  | On<'list.delete'>
  | On<'list.restore'>
  | ({ type: 'settings.update' } & Settings)

/** As it waits in the outbox and is sent, until Duly has answered it. */
export type Command = Wish & {
  /** Under it Duly does the command once, however often it comes. */
  uuid: string
  /** What the user saw when they gave it. */
  base_version: number | null
}

/** RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  code: string
}

export interface Result {
  uuid: string
  status: number
  body?: unknown
  problem?: Problem | null
  /** Whether it had been done before: then this is the answer of that time. */
  replayed: boolean
}

export interface Changes {
  changes: Change[]
  cursor: string
  more: boolean
}
