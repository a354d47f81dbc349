'use client'

import { byPosition } from 'duly-client/position'
import { newId } from 'duly-client/ids'
import type { Task } from 'duly-client/types'
import { useDraft } from '@/lib/draft'
import { depth, LEVELS } from '@/lib/moves'
import { go, useView } from '@/lib/view'
import { Icon } from './icon'
import { TaskTick } from './task-tick'
import { useSnapshot, useWorkspace } from './workspace'

/** What a task is made of, in order; Enter adds one and stays for the next. */
export function Subtasks({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { tasks } = useSnapshot()
  const view = useView()
  const parts = [...tasks.values()].filter((part) => part.parent_id === task.id && !part.deleted_at).sort(byPosition)
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
      <ul className="-ml-2 pointer-coarse:-ml-3">
        {parts.map((part) => (
          <li key={part.id} className="flex items-start rounded-lg hover:bg-hover">
            <TaskTick task={part} />
            <button
              type="button"
              dir="auto"
              className={`min-h-9 min-w-0 flex-1 py-1.5 pr-2 text-start wrap-anywhere pointer-coarse:min-h-11 pointer-coarse:py-2.5 ${part.completed ? 'text-soft line-through' : ''}`}
              onClick={() => go({ ...view, task: part.id })}
            >
              {part.title}
            </button>
          </li>
        ))}
      </ul>
      {isRoom && (
        <div className="-ml-2 flex items-center pointer-coarse:-ml-3">
          <span className="grid size-9 shrink-0 place-content-center text-soft pointer-coarse:size-11"><Icon name="add" /></span>
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
