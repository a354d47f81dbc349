'use client'

import type { Task } from 'duly-client/types'
import { useRef } from 'react'
import { useDraft } from '@/lib/draft'
import { Icon } from './icon'
import { Property, QUIET } from './property'
import { useSnapshot, useWorkspace } from './workspace'

const MOST = 20

/** The tags of a task: each can be taken off, and others put on. Known ones are suggested. */
export function TagField({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { tasks } = useSnapshot()
  const input = useRef<HTMLInputElement>(null)
  const known = new Set([...tasks.values()].flatMap(({ tags }) => tags))
  const draft = useDraft('', (text) => {
    const tag = text.trim().replace(/^#/, '').normalize('NFC')
    if (tag && !task.tags.includes(tag))
      void act({ type: 'task.update', id: task.id, add_tags: [tag] }, `Tagged #${tag}`)
  })

  function remove(tag: string, chip: Element | null) {
    const next = (chip?.nextElementSibling ?? chip?.previousElementSibling)?.querySelector('button')
    ;(next ?? input.current)?.focus()
    void act({ type: 'task.update', id: task.id, remove_tags: [tag] }, `Tag #${tag} removed`)
  }

  function press(event: React.KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') draft.keep()
    if (event.key !== 'Escape' || !draft.isTyped) return
    event.preventDefault()
    draft.restore()
  }
  return (
    <Property icon="tag" label="Tags" control="task-tag">
      {task.tags.length > 0 && (
        <ul aria-label="Tags" className="flex flex-wrap gap-1.5 py-1.5 pl-2">
          {task.tags.map((tag) => (
            <li key={tag} className="chip min-w-0 pr-0.5 text-ink">
              <span dir="auto" className="min-w-0 wrap-anywhere">{tag}</span>
              <button
                type="button"
                aria-label={`Remove tag ${tag}`}
                className="grid size-6 shrink-0 place-content-center rounded text-soft hover:text-ink disabled:opacity-60 pointer-coarse:size-11"
                onClick={(event) => remove(tag, event.currentTarget.closest('li'))}
              >
                <Icon name="close" className="size-3.5" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        id="task-tag"
        list="known-tags"
        autoComplete="off"
        enterKeyHint="done"
        maxLength={50}
        dir="auto"
        readOnly={task.tags.length >= MOST}
        placeholder={task.tags.length < MOST ? 'Add a tag' : `${MOST} are the most`}
        className={`${QUIET} w-full`}
        value={draft.text}
        onChange={(event) => draft.type(event.target.value)}
        onBlur={draft.keep}
        onKeyDown={press}
      />
      <datalist id="known-tags">
        {[...known].filter((tag) => !task.tags.includes(tag)).sort().map((tag) => <option key={tag} value={tag} />)}
      </datalist>
    </Property>
  )
}
