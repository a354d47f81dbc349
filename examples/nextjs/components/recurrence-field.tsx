'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { Task } from 'duly-client/types'
import { useRef, useState } from 'react'
import { useChoice, useDraft } from '@/lib/draft'
import { dayOf, first, PRESETS, read, type Rule, words, write } from '@/lib/recurrence'
import { Property, QUIET } from './property'
import { RecurrenceForm } from './recurrence-form'
import { useNow, useWorkspace } from './workspace'

const CUSTOM = 'custom'
const FITS = 30 // characters; a longer rule is cut off in its box

/** How a task comes back: one of the usual rules, or one's own. What the form cannot show is kept as it is. */
export function RecurrenceField({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { day: today } = useNow()
  const [isOpen, setOpen] = useState(false)
  const select = useRef<HTMLSelectElement>(null)
  const known = read(task.recurrence ?? '')
  const draft = useDraft(known ? write(known) : (task.recurrence ?? ''), (text) =>
    act(
      {
        ...{ type: 'task.update', id: task.id, recurrence: text || null },
        ...(text && !task.due_date && { due_date: first(text, today) }),
      },
      text ? words(text) : 'Does not repeat',
    ),
  )
  const [from, setFrom] = useChoice(task.recurrence_from, (recurrence_from) =>
    act({ type: 'task.update', id: task.id, recurrence_from }, `Repeats from ${recurrence_from === 'due' ? 'its date' : 'its completion'}`),
  )
  const start: Rule = { unit: 'WEEKLY', every: 1, days: [dayOf(task.due_date ?? today)], on: null, end: null }
  const rule = read(draft.text) ?? start
  const text = draft.text

  function close() {
    setOpen(false)
    select.current?.focus()
  }
  return (
    <>
      <Property icon="repeat" label="Repeat" control="task-repeat">
        <select
          ref={select}
          id="task-repeat"
          className={`${QUIET} w-full`}
          value={isOpen ? CUSTOM : text}
          onChange={({ target: { value } }) => {
            setOpen(value === CUSTOM)
            if (value === CUSTOM) return
            draft.type(value)
            draft.keep()
          }}
        >
          <option value="">Never</option>
          {PRESETS.map((preset) => <option key={preset} value={preset}>{words(preset)}</option>)}
          {text && !PRESETS.includes(text) && <option value={text}>{words(text)}</option>}
          <option value={CUSTOM}>Custom…</option>
        </select>
        {words(text).length > FITS && <p className="px-2 text-sm text-soft wrap-anywhere">{words(text)}</p>}
        {text && (
          <select
            aria-label="Repeats from"
            className={`${QUIET} w-full text-soft`}
            value={from}
            onChange={(event) => setFrom(event.target.value as Task['recurrence_from'])}
          >
            <option value="due">counted from its date</option>
            <option value="completion">counted from when it is done</option>
          </select>
        )}
      </Property>
      {isOpen && (
        <RecurrenceForm
          rule={rule}
          change={(changed) => draft.type(write(changed))}
          done={() => {
            if (!draft.isTyped) draft.type(write(rule))
            draft.keep()
            close()
          }}
          cancel={() => {
            draft.restore()
            close()
          }}
        />
      )}
    </>
  )
}
