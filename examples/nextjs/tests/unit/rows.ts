/** Rows for tests, and what the client shows of them once commands are laid over. */
import { Overlay } from 'duly-client/overlay'
import { apply, empty, key, type State } from 'duly-client/state'
import type { List, Task, Wish } from 'duly-client/types'
import type { Rows } from '../../lib/select'

const MADE = '2026-11-01T00:00:00.000Z'
const stamp = { user_id: 'u', created_at: MADE, updated_at: MADE, deleted_at: null, version: 1 }

export const list = (id: string, fields: Partial<List> = {}): List => ({
  ...{ id, name: id, color: null, archived: false, position: id, is_inbox: false, open_count: 0, completed_count: 0 },
  ...{ ...stamp, ...fields },
})

export const task = (id: string, fields: Partial<Task> = {}): Task => ({
  ...{ id, title: id, description: null, completed: false, completed_at: null, priority: 'none', tags: [] },
  ...{ due_date: null, due_time: null, due_time_zone: null, recurrence: null, recurrence_from: 'due' },
  ...{ list_id: 'inbox', parent_id: null, position: id },
  ...{ ...stamp, ...fields },
})

/** The same as a page has, without a network. */
export class Device {
  private readonly state: State = empty()
  private readonly overlay = new Overlay('u')

  constructor(tasks: Task[], lists: List[] = [list('inbox', { is_inbox: true }), list('work')]) {
    const rows = [
      ...lists.map((data) => ({ type: 'list' as const, id: data.id, version: 1, deleted: false, data })),
      ...tasks.map((data) => ({ type: 'task' as const, id: data.id, version: 1, deleted: false, data })),
    ]
    apply(this.state, { changes: rows }, 1)
    this.overlay.refresh(this.state, rows.map(key))
  }

  get rows(): Rows {
    return { tasks: this.overlay.tasks.show(), lists: this.overlay.lists.show() }
  }

  send(...wishes: Wish[]): void {
    for (const wish of wishes) {
      const queued = { ...wish, uuid: crypto.randomUUID(), base_version: null }
      apply(this.state, { queued }, this.state.step + 1)
      this.overlay.refresh(this.state, [key(wish)])
    }
  }
}
