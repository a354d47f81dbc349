'use client'

import { useEffect, useRef, useState } from 'react'
import { dueHere, dueText, urgency } from '@/lib/dates'
import { focusRow } from '@/lib/focus-row'
import { type Group, listOf, select } from '@/lib/select'
import { dropped } from '@/lib/moves'
import { current as shownNow, type View } from '@/lib/view'
import { Empty } from './empty'
import { type RowActions, rowActions } from './row-actions'
import { useSortable } from './sortable'
import { TaskRow } from './task-row'
import { useListKeys } from './use-list-keys'
import { useWindow } from './use-window'
import { useNow, useSnapshot, useWorkspace } from './workspace'

const BEAT = 900 // milliseconds that what was done stays

export function TaskList({ view }: { view: View }) {
  const workspace = useWorkspace()
  const { tasks, lists } = useSnapshot()
  const now = useNow()
  const [current, setCurrent] = useState<string | null>(null)
  const [edited, setEdited] = useState<string | null>(null)
  const [lingering, setLingering] = useState(() => new Set<string>())
  const [actions] = useState(() => {
    let ids = lingering
    const linger = (id: string) => {
      // In place: the change that is about to be shown comes with a rendering of its own.
      ids.add(id)
      setTimeout(() => {
        ids = new Set([...ids].filter((each) => each !== id))
        setLingering(ids)
      }, BEAT)
    }
    return rowActions(workspace, { setCurrent, setEdited, linger, follow: focusRow, isByHand })
  })

  const groups = select({ tasks, lists }, view, now, lingering)
  const ids = groups.flatMap(({ rows }) => rows.map(({ task }) => task.id))
  useListKeys(ids, current, actions)
  useKeptFocus(ids, current)
  if (!ids.length) return <Empty view={view} />

  const common = { view, now, current: current && ids.includes(current) ? current : ids[0]!, edited, actions }
  return groups.map((group) => <Section key={group.name} {...common} group={group} />)
}

function isByHand(): boolean {
  const { view, tag, q, sort = 'manual' } = shownNow()
  return !view && !tag && !q && sort === 'manual'
}

/** When the row goes that has the focus, it goes to the one that comes in its place: never to nowhere. */
function useKeptFocus(ids: string[], current: string | null): void {
  const place = useRef(0)
  useEffect(() => {
    const at = current ? ids.indexOf(current) : -1
    if (at >= 0) place.current = at
    else if (current && document.activeElement === document.body) {
      const next = ids[Math.min(place.current, ids.length - 1)]
      if (next && focusRow(next)) return
      const line = document.getElementById('quick-add') ?? document.getElementById('tasks')
      line?.focus()
    }
  })
}

interface SectionProps {
  group: Group
  view: View
  now: { day: string; time: string }
  current: string
  edited: string | null
  actions: RowActions
}

function Section({ group, view, now, current, edited, actions }: SectionProps) {
  const { lists, tasks, waiting } = useSnapshot()
  const list = useRef<HTMLUListElement>(null)
  const { rows } = group
  const isOrdered = group.name === 'open' && (view.sort ?? 'manual') === 'manual'
  const [isHeld, setHeld] = useState(false)
  const { from, to, before, after } = useWindow(list, rows.map(({ task }) => task.id), isHeld)
  const made = rows.slice(from, to)
  const { begin, shift, dragged } = useSortable(list, made.map(({ task }) => task.id), drop, setHeld)

  function drop(id: string, at: number) {
    const wish = dropped(id, from + at, rows, tasks)
    if (wish) actions.drop(id, wish)
  }
  // One row can be reached by Tab: the one that had the focus last, or the first that is here.
  const reachable = made.some(({ task }) => task.id === current) ? current : made[0]?.task.id
  const waits = new Set(waiting.map((command) => ('id' in command ? command.id : '')))
  const isOneList = listOf(view, lists) !== undefined
  return (
    <section className="mb-6" aria-label={group.title ?? 'Open tasks'}>
      {group.title && (
        <h2 className={`mb-1 border-b border-line pb-1 text-sm font-semibold ${group.name === 'overdue' ? 'text-danger' : ''}`}>
          {group.title} <span className="font-normal text-soft">{rows.length}</span>
        </h2>
      )}
      <ul ref={list} className={group.title ? '' : 'border-t border-line'} style={{ paddingBlock: `${before}px ${after}px` }}>
        {made.map(({ task, depth, parts, openParts, parent }, index) => (
          <TaskRow
            key={task.id}
            place={from + index + 1}
            of={rows.length}
            {...{ task, depth, parts, openParts, parent, actions, isOrdered, onGrip: begin }}
            list={isOneList ? undefined : lists.get(task.list_id)?.name}
            due={task.due_date ? isDayKnown(task, group) ?? dueText(task, now.day) : ''}
            urgency={task.due_date ? urgency(task, now) : null}
            waits={waits.has(task.id)}
            isCurrent={task.id === reachable}
            isEdited={task.id === edited}
            isDragged={task.id === dragged}
            shift={shift(task.id, index)}
          />
        ))}
      </ul>
    </section>
  )
}

/** Below the heading of a day the time is enough. */
function isDayKnown(task: Parameters<typeof dueHere>[0], group: Group): string | undefined {
  const due = dueHere(task)
  return due && due.day === group.name ? (due.time ?? '') : undefined
}
