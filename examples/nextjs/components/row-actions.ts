import type { Task, Wish } from 'duly-client/types'
import { addDays, following, now } from '@/lib/dates'
import { focusRow } from '@/lib/focus-row'
import { nested, outdented, shifted } from '@/lib/moves'
import { announce, complain, say } from '@/lib/toasts'
import { current, go } from '@/lib/view'
import type { Action } from './menu'
import type { Workspace } from './workspace'

const QUOTED = 40 // letters of a title that a message has

/** What the list itself keeps. */
export interface ListState {
  setCurrent: (id: string) => void
  setEdited: (id: string | null) => void
  /** It was done a moment ago, and stays for a beat. */
  linger: (id: string) => void
  /** The focus goes along with what moves. Where nobody sees it move there is none: a message says it. */
  follow?: (id: string) => void
  /** Whether what is shown is in the order that moves make: or nobody would see where something goes, or below what. */
  isByHand: () => boolean
}

/** Where there is no list: what happens in it is said. */
export const UNSEEN: ListState = { setCurrent: () => undefined, setEdited: () => undefined, linger: () => undefined, isByHand: () => true }

export type RowActions = ReturnType<typeof rowActions>

/** All that can be done to a task of the list, by mouse, touch, keys and menu alike. The same for as long as the list is. */
export function rowActions({ replica, act }: Workspace, state: ListState) {
  const tasks = () => replica.snapshot().tasks
  const quoted = ({ title }: Task) => {
    const letters = [...new Intl.Segmenter().segment(title)].map(({ segment }) => segment) // of which an emoji is one
    return `“${letters.length > QUOTED ? `${letters.slice(0, QUOTED).join('')}…` : title}”`
  }

  let latest = Promise.resolve()

  /** One after the other: keys that are held or follow each other come before the last one shows, and what was done
   *  last is taken back first. */
  function inTurn(job: () => Promise<void> | undefined): void {
    latest = latest.then(job).catch(complain)
  }

  function on(id: string, make: (task: Task) => Wish | undefined, said: (task: Task) => string): void {
    inTurn(() => {
      const task = tasks().get(id)
      const wish = task && make(task)
      // What is in the trash can only come back.
      return wish && Boolean(task.deleted_at) === (wish.type === 'task.restore') ? act(wish, said(task)) : undefined
    })
  }

  const actions = {
    focus: state.setCurrent,
    edit: (id: string) => !tasks().get(id)?.deleted_at && state.setEdited(id),
    open: (id: string) => go({ ...current(), task: id }),

    rename(id: string, text: string) {
      const title = text.replace(/\s+/g, ' ').trim()
      // Deleted elsewhere meanwhile, Duly refuses it: then it is not lost, it can be tried again.
      if (title && title !== tasks().get(id)?.title) void act({ type: 'task.update', id, title }, 'Renamed')
    },
    /** @param isFocused Whether the title is to have the focus afterwards. */
    endEdit(id: string, isFocused = false) {
      state.setEdited(null)
      if (isFocused) requestAnimationFrame(() => focusRow(id))
    },
    tick(id: string) {
      const task = tasks().get(id)
      if (task && !task.completed && !task.deleted_at) state.linger(id)
      on(id, ticked, (task) => (task.completed ? `Open again: ${quoted(task)}` : `Done: ${quoted(task)}`))
    },
    due(id: string, due_date: string | null, said: string) {
      on(id, () => ({ type: 'task.update', id, due_date }) as Wish, () => said)
    },
    prioritise(id: string, priority: Task['priority']) {
      on(id, () => ({ type: 'task.update', id, priority }), () => `Priority: ${priority}`)
    },
    move: (id: string, by: -1 | 1) => moved(id, by < 0 ? up : down, by < 0 ? 'Moved up' : 'Moved down'),
    nest: (id: string) => moved(id, inwards, 'Now a part of the one above'),
    outdent: (id: string) => moved(id, outdented, 'Moved out'),
    drop: (id: string, wish: Wish) => on(id, () => wish, () => 'Moved'),
    remove: (id: string) => on(id, () => ({ type: 'task.delete', id }), (task) => `Deleted ${quoted(task)}`),
    restore: (id: string) => on(id, () => ({ type: 'task.restore', id }), (task) => `Restored ${quoted(task)}`),

    /** To where it can go from where it is. */
    moves(id: string): Action[] {
      const task = tasks().get(id)
      return task ? moves(task) : []
    },
    menu(id: string): (Action | 'line')[] {
      const task = tasks().get(id)
      if (!task) return []
      const details: Action = { label: 'Details', icon: 'note', keys: 'o', act: () => actions.open(id) }
      if (task.deleted_at) return [{ label: 'Restore', icon: 'history', act: () => actions.restore(id) }, details]
      const { day } = now()
      return [
        { label: 'Edit title', icon: 'edit', keys: 'e', act: () => actions.edit(id) },
        details,
        'line',
        { label: 'Today', icon: 'today', keys: 't', act: () => actions.due(id, day, 'Due today') },
        { label: 'Tomorrow', icon: 'calendar', keys: 'm', act: () => actions.due(id, addDays(day, 1), 'Due tomorrow') },
        { label: 'Next week', icon: 'calendar', keys: 'w', act: () => actions.due(id, following(day, 1), 'Due next Monday') },
        ...(task.due_date ? [{ label: 'No date', icon: 'close' as const, keys: 'd', act: () => actions.due(id, null, 'Without a date') }] : []),
        'line',
        ...(moves(task).length ? [...moves(task), 'line' as const] : []),
        { label: 'Delete', icon: 'trash', keys: 'Del', isDangerous: true, act: () => actions.remove(id) },
      ]
    },
  }

  const up = (task: Task) => shifted(task, -1, tasks())
  const down = (task: Task) => shifted(task, 1, tasks())
  const inwards = (task: Task) => nested(task, tasks())

  const moves = (task: Task): Action[] => task.completed || !state.isByHand() ? [] : [
    ...(up(task) ? [{ label: 'Move up', icon: 'up' as const, keys: 'Alt ↑', act: () => actions.move(task.id, -1) }] : []),
    ...(down(task) ? [{ label: 'Move down', icon: 'down' as const, keys: 'Alt ↓', act: () => actions.move(task.id, 1) }] : []),
    ...(inwards(task) ? [{ label: 'Make it a part of the one above', icon: 'indent' as const, keys: 'Alt →', act: () => actions.nest(task.id) }] : []),
    ...(outdented(task) ? [{ label: 'Move out', icon: 'outdent' as const, keys: 'Alt ←', act: () => actions.outdent(task.id) }] : []),
  ]

  /** Said to those who do not see it; where it cannot go, that as well. The focus goes along. */
  function moved(id: string, make: (task: Task) => Wish | undefined, said: string) {
    inTurn(async () => {
      const task = tasks().get(id)
      // What is done is in no order.
      const wish = task && !task.deleted_at && !task.completed && state.isByHand() ? make(task) : undefined
      const { follow } = state
      if (!state.isByHand()) say('Only a list that is in the order of your own can be ordered')
      else if (follow || !wish) announce(wish ? said : 'It cannot be moved there')
      if (!wish) return
      await act(wish, follow ? undefined : said)
      requestAnimationFrame(() => {
        const { activeElement } = document
        const isElsewhere = activeElement !== document.body && !activeElement?.id.endsWith(id)
        if (!isElsewhere) follow?.(id) // they may have gone on meanwhile
      })
    })
  }
  return actions
}

/** A recurring one names the occurrence: two devices that tick it complete it once. */
function ticked({ id, completed, recurrence, due_date, due_time }: Task): Wish {
  const occurrence = recurrence && due_date && !completed ? { occurrence: due_time ? `${due_date}T${due_time}` : due_date } : {}
  return { type: 'task.complete', id, completed: !completed, ...occurrence }
}

