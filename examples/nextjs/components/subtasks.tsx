'use client'

import { byPosition } from 'duly-client/position'
import { newId } from 'duly-client/ids'
import type { Task } from 'duly-client/types'
import { useRef, useState } from 'react'
import { useDraft } from '@/lib/draft'
import { depth, dropped, LEVELS } from '@/lib/moves'
import { go, useView } from '@/lib/view'
import { Grip } from './grip'
import { Icon } from './icon'
import { rowActions, UNSEEN } from './row-actions'
import { useSortable } from './sortable'
import { TaskTick } from './task-tick'
import { useSnapshot, useWorkspace } from './workspace'

const BY: Record<string, -1 | 1> = { ArrowUp: -1, ArrowDown: 1 }
const follow = (id: string) => document.getElementById(`part-${id}`)?.focus()

/** What a task is made of, in order; Enter adds one and stays for the next. */
export function Subtasks({ task }: { task: Task }) {
  const workspace = useWorkspace()
  const { act } = workspace
  const { tasks } = useSnapshot()
  const view = useView()
  const parts = [...tasks.values()].filter((part) => part.parent_id === task.id && !part.deleted_at).sort(byPosition)
  const list = useRef<HTMLUListElement>(null)
  const [actions] = useState(() => rowActions(workspace, { ...UNSEEN, follow }))
  const { begin, shift, dragged } = useSortable(list, parts.map(({ id }) => id), (id, to) => {
    const rows = parts.map((part) => ({ task: part, depth: 0, parts: 0, openParts: 0, parent: undefined }))
    const wish = dropped(id, to, rows, tasks)
    if (wish) actions.drop(id, wish)
  })
  const done = parts.filter(({ completed }) => completed).length
  const draft = useDraft('', (text) => {
    const title = text.trim()
    if (title) void act({ type: 'task.create', id: newId(), title, parent_id: task.id }, `Added “${title}”`)
  })

  function press(event: React.KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') draft.keep()
    if (event.key !== 'Escape' || !draft.isTyped) return
    event.preventDefault()
    draft.restore()
  }
  const isRoom = depth(task, tasks) < LEVELS
  if (!isRoom && !parts.length) return null
  return (
    <section aria-labelledby="subtasks" className="border-t border-line pt-4">
      <h3 id="subtasks" className="heading mb-1 flex justify-between">
        Subtasks {parts.length > 0 && <span className="font-normal tabular-nums">{done} of {parts.length}</span>}
      </h3>
      <ul ref={list} className="-ml-2 pointer-coarse:-ml-[12px]">
        {parts.map((part, index) => (
          <li
            key={part.id}
            className={`group relative -ml-3 flex items-start rounded-lg pl-3 hover:bg-hover pointer-coarse:ml-0 pointer-coarse:pl-0 ${dragged === part.id ? 'z-10 bg-raised' : dragged ? 'transition-transform duration-100' : ''}`}
            style={{ transform: dragged ? `translateY(${shift(part.id, index)}px)` : undefined }}
            onKeyDown={(event) => {
              const by = event.altKey ? BY[event.key] : undefined
              if (!by) return
              event.preventDefault()
              actions.move(part.id, by)
            }}
          >
            <TaskTick task={part} />
            <button
              type="button"
              id={`part-${part.id}`}
              dir="auto"
              className={`min-h-9 min-w-0 flex-1 py-1.5 pr-2 text-start wrap-anywhere pointer-coarse:min-h-11 pointer-coarse:py-2.5 ${part.completed ? 'text-soft line-through' : ''}`}
              onClick={() => go({ ...view, task: part.id })}
            >
              {part.title}
            </button>
            {parts.length > 1 && !task.deleted_at && <Grip onGrip={(event) => begin(part.id, event)} />}
          </li>
        ))}
      </ul>
      {isRoom && (
        <div className="-ml-2 flex items-center pointer-coarse:-ml-[12px]">
          <span className="grid size-9 shrink-0 place-content-center text-soft pointer-coarse:h-11 pointer-coarse:w-[44px]"><Icon name="add" /></span>
          <input
            aria-label="Add a subtask"
            placeholder="Add a subtask"
            autoComplete="off"
            enterKeyHint="enter"
            maxLength={500}
            dir="auto"
            className="min-h-9 min-w-0 flex-1 rounded-md bg-transparent pointer-coarse:min-h-11"
            value={draft.text}
            onChange={(event) => draft.type(event.target.value)}
            onBlur={draft.keep}
            onKeyDown={press}
          />
        </div>
      )}
    </section>
  )
}
