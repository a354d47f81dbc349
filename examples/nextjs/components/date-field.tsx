'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { Task } from 'duly-client/types'
import { useRef } from 'react'
import { addDays, dayText, dueHere, dueText, following, urgency, ZONE } from '@/lib/dates'
import { useChoice } from '@/lib/draft'
import { Icon } from './icon'
import { KeptInput } from './kept-input'
import { Property, QUIET } from './property'
import { useNow, useWorkspace } from './workspace'

/** Without a date there is no time, no zone and nothing to repeat. */
const NEVER = { due_date: null, due_time: null, due_time_zone: null, recurrence: null }

const TONES = { overdue: 'text-danger', today: 'text-accent', later: 'text-soft' }

/** When a task is due: a day by one click, or any; a time and its zone for those who want them. */
export function DateField({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const now = useNow()
  const days = useRef<HTMLDivElement>(null)
  const [day, setDay] = useChoice(task.due_date, (due_date) =>
    act(
      { type: 'task.update', id: task.id, ...(due_date ? { due_date } : NEVER) },
      due_date ? `Due ${dayText(due_date, now.day)}` : 'No date',
    ),
  )
  const choices: [string, string][] = [
    ['Today', now.day],
    ['Tomorrow', addDays(now.day, 1)],
    ['Weekend', following(now.day, 6)],
    ['Next week', following(now.day, 1)],
  ]
  return (
    <Property icon="calendar" label="Due" control="task-due">
      <div className="flex flex-wrap items-center gap-x-1">
        <KeptInput
          type="date"
          id="task-due"
          max="9999-12-31"
          className={`${QUIET} w-38 max-sm:w-33`}
          value={day ?? ''}
          save={async (text) => setDay(text || null)}
        />
        {day && (
          <button
            type="button"
            className="icon-button disabled:opacity-60"
            aria-label="No date"
            title="No date"
            onClick={() => {
              days.current?.querySelector('button')?.focus() // this one goes
              setDay(null)
            }}
          >
            <Icon name="close" className="size-4" />
          </button>
        )}
        <span className={`px-2 text-sm ${TONES[urgency(task, now) ?? 'later']}`}>{dueText(task, now.day)}</span>
      </div>
      <div ref={days} className="my-1.5 flex flex-wrap gap-1.5 pl-2 max-sm:-ml-24 max-sm:pl-0 max-sm:[&>*]:flex-1">
        {choices.map(([name, choice]) => (
          <button
            key={name}
            type="button"
            className="chip min-h-8 justify-center whitespace-nowrap hover:text-ink disabled:opacity-60 aria-pressed:bg-wash aria-pressed:text-accent max-sm:px-1 pointer-coarse:min-h-11"
            aria-pressed={day === choice}
            onClick={() => day !== choice && setDay(choice)}
          >
            {name}
          </button>
        ))}
      </div>
      <details className="group" open={task.due_time !== null || undefined}>
        <summary className="flex min-h-8 list-none items-center gap-1 rounded-md px-2 text-sm text-soft hover:text-ink pointer-coarse:min-h-11 [&::-webkit-details-marker]:hidden">
          <Icon name="chevron" className="size-3.5 transition-transform group-open:rotate-90" />
          Time and zone
        </summary>
        <Clock task={task} />
      </details>
    </Property>
  )
}

function Clock({ task }: { task: Task }) {
  const { act } = useWorkspace()
  const { day: today } = useNow()
  const time = task.due_time?.slice(0, 5) ?? ''
  const [zone, setZone] = useChoice(task.due_time_zone ?? '', (name) =>
    act({ type: 'task.update', id: task.id, due_time_zone: name || null }, name ? `In the zone ${name}` : 'In whichever zone you are'),
  )
  const here = dueHere(task)
  return (
    <div className="flex flex-wrap items-center gap-x-2">
      <KeptInput
        type="time"
        aria-label="Time"
        className={`${QUIET} w-32`}
        value={time}
        save={(text) =>
          act(
            {
              ...{ type: 'task.update', id: task.id, due_time: text || null },
              ...(text ? !task.due_date && { due_date: today } : { due_time_zone: null }),
            },
            text ? `Due at ${text}` : 'No time',
          )
        }
      />
      <select
        aria-label="Time zone"
        className={`${QUIET} max-w-full flex-1 basis-40`}
        disabled={!time}
        value={zone}
        onChange={(event) => setZone(event.target.value)}
      >
        <option value="">Wherever I am</option>
        {zones(zone).map((name) => <option key={name}>{name}</option>)}
      </select>
      {here?.time && task.due_time_zone && task.due_time_zone !== ZONE && (
        <p className="px-2 text-sm text-soft">That is {dueText(task, today)} where you are.</p>
      )}
    </div>
  )
}

/** The one of this device first. */
const zones = (chosen: string): string[] =>
  [...new Set([ZONE, 'UTC', ...(chosen ? [chosen] : []), ...Intl.supportedValuesOf('timeZone')])]
