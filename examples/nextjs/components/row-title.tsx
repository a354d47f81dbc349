'use client'

import type { Task } from 'duly-client/types'
import { useDraft } from '@/lib/draft'
import type { RowActions } from './row-actions'

/** High enough for a finger, in the room that the row has around it. */
const FINGER = 'pointer-coarse:-my-2 pointer-coarse:w-full pointer-coarse:py-2.5'

/** A click with a mouse puts the cursor there; a touch opens the details, since a keyboard would cover half of it.
 *
 *  What reads a screen on a phone clicks without a finger: there it is the same. */
export function RowTitle({ task, waits, isEdited, tabIndex, actions }: {
  task: Task
  waits: boolean
  isEdited: boolean
  tabIndex: number
  actions: RowActions
}) {
  if (isEdited) return <Editor task={task} actions={actions} />
  return (
    <button
      type="button"
      id={`task-${task.id}`}
      tabIndex={tabIndex}
      aria-describedby={waits ? `waits-${task.id}` : undefined}
      dir="auto"
      className={`block max-w-full cursor-text text-start wrap-anywhere ${FINGER} ${task.completed ? 'text-soft line-through decoration-1' : ''}`}
      onClick={(event) => {
        const isFinger = (event.nativeEvent as globalThis.PointerEvent).pointerType === 'touch'
        const isTouch = isFinger || matchMedia('(pointer: coarse)').matches
        if (isTouch || task.deleted_at) actions.open(task.id)
        else actions.edit(task.id)
      }}
    >
      {task.title}
    </button>
  )
}

/** Enter keeps it, and so does to go elsewhere; Escape restores it. */
function Editor({ task, actions }: { task: Task; actions: RowActions }) {
  // Kept also when the row goes, or the page does.
  const draft = useDraft(task.title, (text) => actions.rename(task.id, text))
  return (
    <input
      // The user asked for it by a click or a key.
      ref={(element) => element?.focus()}
      className={`-mx-1 block w-full rounded bg-surface px-1 outline-2 outline-accent ${FINGER}`}
      aria-label="Title"
      dir="auto"
      value={draft.text}
      maxLength={500}
      enterKeyHint="done"
      onChange={(event) => draft.type(event.target.value)}
      onBlur={() => {
        draft.keep()
        actions.endEdit(task.id)
      }}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
        event.preventDefault()
        event.stopPropagation()
        if (event.key === 'Enter') draft.keep()
        else draft.restore()
        actions.endEdit(task.id, true)
      }}
    />
  )
}
