'use client'

import { byPosition } from 'duly-client/position'
import type { List, Task } from 'duly-client/types'
import { useLayoutEffect, useState } from 'react'
import { momentText } from '@/lib/dates'
import { useChoice } from '@/lib/draft'
import { undoLatest } from '@/lib/toasts'
import { focusTop } from '@/lib/top-layer'
import { go, useView } from '@/lib/view'
import { DateField } from './date-field'
import { Dialog } from './dialog'
import { GrowingText } from './growing-text'
import { Icon } from './icon'
import { type Action, Menu } from './menu'
import { Property, QUIET } from './property'
import { RecurrenceField } from './recurrence-field'
import { RefusedChanges } from './refused-changes'
import { rowActions, UNSEEN } from './row-actions'
import { Subtasks } from './subtasks'
import { TagField } from './tag-field'
import { TaskHistory } from './task-history'
import { useLasting } from './sync-status'
import { TaskTick } from './task-tick'
import { useNow, useSnapshot, useWorkspace } from './workspace'

/** All about one task, in a sheet at the side. What the menu of its row does can be done here as well. */
export function TaskDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const workspace = useWorkspace()
  const { act } = workspace
  const task = useSnapshot().tasks.get(id)
  const [actions] = useState(() => rowActions(workspace, UNSEEN))
  const isInTrash = Boolean(task?.deleted_at)
  useLayoutEffect(() => {
    // Deleted elsewhere: a field that is disabled loses the focus to nowhere, and does not say so.
    if (isInTrash && document.activeElement?.matches('body, :disabled')) focusTop()
  }, [isInTrash])
  if (!task) return null
  return (
    <Dialog title="Task" look="sheet" onClose={onClose}>
      <div className="flex-1 space-y-5 overflow-y-auto overscroll-contain px-5 py-4" onKeyDown={takeBack}>
        {isInTrash && (
          <div className="flex flex-wrap items-center justify-between gap-2 rounded-xl bg-hover py-1.5 pr-1.5 pl-4">
            <p>This task is in the trash.</p>
            <button
              type="button"
              className="button-outline"
              onClick={() => {
                focusTop()
                void act({ type: 'task.restore', id }, `Restored “${task.title}”`)
              }}
            >
              Restore
            </button>
          </div>
        )}
        <RefusedChanges id={id} />
        <fieldset disabled={isInTrash} className="min-w-0 space-y-5">
          <legend className="sr-only">What it is</legend>
          <Words task={task} />
          <div className="space-y-1.5">
            <DateField task={task} />
            <RecurrenceField task={task} />
            <ListChoice task={task} />
            <PriorityChoice task={task} />
            <TagField task={task} />
          </div>
          <Subtasks task={task} />
        </fieldset>
        <TaskHistory task={task} />
      </div>
      <Foot task={task} moves={() => actions.moves(id)} remove={() => {
        onClose()
        void act({ type: 'task.delete', id }, `Deleted “${task.title}”`)
      }} />
    </Dialog>
  )
}

/** Where nothing is typed, Ctrl+Z is for what was done last. */
function takeBack(event: React.KeyboardEvent<HTMLElement>) {
  const isText = (event.target as HTMLElement).matches('textarea, input:not([type=checkbox])')
  if (event.key === 'z' && (event.ctrlKey || event.metaKey) && !isText && undoLatest()) event.preventDefault()
}

/** What it is part of, its title and its notes. */
function Words({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const save = (fields: { title: string } | { description: string | null }) =>
    act({ type: 'task.update', id: task.id, ...fields })
  return (
    <div>
      <Parent task={task} />
      <div className="-ml-2 flex items-start pointer-coarse:-ml-[12px]">
        <TaskTick task={task} />
        <GrowingText
          isLine
          label="Title"
          maxLength={500}
          enterKeyHint="done"
          className={`flex-1 py-1 pointer-coarse:py-2 text-xl leading-7 font-semibold tracking-tight ${task.completed ? 'text-soft line-through' : ''}`}
          value={task.title}
          save={async (title) => {
            if (title.trim()) await save({ title: title.trim() })
          }}
        />
      </div>
      <GrowingText
        label="Notes"
        placeholder="Notes"
        maxLength={16_384}
        className="mt-1 ml-7 pointer-coarse:ml-[32px]"
        value={task.description ?? ''}
        save={(description) => save({ description: description || null })}
      />
    </div>
  )
}

function Parent({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const view = useView()
  const parent = useSnapshot().tasks.get(task.parent_id ?? '')
  if (!parent) return null
  return (
    <p className="mb-1 flex flex-wrap items-center gap-x-2 text-sm text-soft">
      <Icon name="parts" />
      <span className="min-w-0 flex-1">
        Part of{' '}
        <button
          type="button"
          dir="auto"
          className="min-h-6 text-start font-medium text-ink underline decoration-line underline-offset-3 wrap-anywhere hover:decoration-ink"
          onClick={() => go({ ...view, task: parent.id })}
        >
          {parent.title}
        </button>
      </span>
      <button
        type="button"
        className="button-plain -mr-3 text-sm"
        onClick={(event) => {
          event.currentTarget.closest('dialog')?.querySelector('textarea')?.focus({ preventScroll: true })
          void act({ type: 'task.move', id: task.id, parent_id: null }, 'A task of its own now')
        }}
      >
        Make it a task of its own
      </button>
    </p>
  )
}

/** Those that can be chosen, and the one it is in. */
const choices = (lists: ReadonlyMap<string, List>, chosen: string): List[] =>
  [...lists.values()]
    .filter((list) => list.id === chosen || !(list.deleted_at || list.archived))
    .sort((one, other) => Number(other.is_inbox) - Number(one.is_inbox) || byPosition(one, other))

function ListChoice({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { lists } = useSnapshot()
  const [chosen, choose] = useChoice(task.list_id, (list_id) =>
    act({ type: 'task.move', id: task.id, list_id }, `Moved to ${lists.get(list_id)?.name}`),
  )
  return (
    <Property icon="list" label="List" control="task-list">
      <select id="task-list" className={`${QUIET} w-full`} value={chosen} onChange={(event) => choose(event.target.value)}>
        {choices(lists, task.list_id).map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </select>
    </Property>
  )
}

const PRIORITIES = { none: 'None', low: 'Low', medium: 'Medium', high: 'High', urgent: 'Urgent' }

function PriorityChoice({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const [chosen, choose] = useChoice(task.priority, (priority) =>
    act({ type: 'task.update', id: task.id, priority }, `Priority: ${PRIORITIES[priority]}`),
  )
  return (
    <Property icon="flag" label="Priority" control="task-priority">
      <select
        id="task-priority"
        className={`${QUIET} w-full`}
        value={chosen}
        onChange={(event) => choose(event.target.value as Task['priority'])}
      >
        {Object.entries(PRIORITIES).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </select>
    </Property>
  )
}

function Foot({ task, moves, remove }: { task: Task; moves: () => Action[]; remove: () => void }) {
  const { day: today } = useNow()
  const { waiting } = useSnapshot()
  const isWaiting = useLasting(waiting.some((command) => 'id' in command && command.id === task.id))
  const at = (instant: string) => momentText(instant, today).replace(/^(To|Yester)day/, (word) => word.toLowerCase())
  const [created, changed] = [at(task.created_at), at(task.updated_at)]
  return (
    <footer className="flex flex-wrap items-center justify-end gap-x-2 border-t border-line px-5 py-2 text-sm text-soft">
      <p className="min-w-0 flex-1 basis-32">
        {isWaiting ? 'Not sent yet. It is kept on this device.' : `Created ${created}${changed === created ? '' : `, changed ${changed}`}`}
      </p>
      {!task.deleted_at && moves().length > 0 && <Menu label="Move this task" actions={moves} />}
      {!task.deleted_at && (
        <button type="button" className="button-danger -mr-3" onClick={remove}>
          <Icon name="trash" /> Delete
        </button>
      )}
    </footer>
  )
}
