'use client'

import type { Task } from 'duly-client/types'
import { useChoice } from '@/lib/draft'
import { useWorkspace } from './workspace'

/** Done, or not. Of a task that recurs it is this occurrence, by name: two devices complete it once. */
export function TaskTick({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { id, due_date, due_time } = task
  const occurrence = task.recurrence && due_date ? { occurrence: due_time ? `${due_date}T${due_time}` : due_date } : {}
  const [isDone, tick] = useChoice(task.completed, (completed) =>
    act({ type: 'task.complete', id, completed, ...(completed && occurrence) }, completed ? 'Done' : 'Open again'),
  )
  return (
    <label className="grid size-9 shrink-0 place-content-center pointer-coarse:h-11 pointer-coarse:w-[44px]">
      <input
        type="checkbox"
        className="tick"
        data-priority={task.priority}
        aria-label={`Done: ${task.title}`}
        checked={isDone}
        onChange={(event) => tick(event.target.checked)}
      />
    </label>
  )
}
