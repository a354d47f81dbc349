'use client'

import { useEffect, useRef, useState } from 'react'
import { dueHere, dueText, urgency } from '@/lib/dates'
import { firstOf, type Group, listOf, select } from '@/lib/select'
import { dropped } from '@/lib/moves'
import type { View } from '@/lib/view'
import { Empty } from './empty'
import { type RowActions, rowActions } from './row-actions'
import { useSortable } from './sortable'
import { TaskRow } from './task-row'
import { useListKeys } from './use-list-keys'
import { useNow, useSnapshot, useWorkspace } from './workspace'

const BEAT = 900 // milliseconds that what was done stays
const PAGE = 100 // rows that are made at once

export function TaskList({ view }: { view: View }) {
  const workspace = useWorkspace()
  const { tasks, lists } = useSnapshot()
  const now = useNow()
  const [current, setCurrent] = useState<string | null>(null)
  const [edited, setEdited] = useState<string | null>(null)
  const [lingering, setLingering] = useState<ReadonlySet<string>>(new Set())
  const [most, setMost] = useState(PAGE)
  const [actions] = useState(() => {
    const linger = (id: string) => {
      setLingering((before) => new Set([...before, id]))
      setTimeout(() => setLingering((before) => new Set([...before].filter((each) => each !== id))), BEAT)
    }
    return rowActions(workspace, { setCurrent, setEdited, linger })
  })

  const groups = select({ tasks, lists }, view, now, lingering)
  const ids = groups.flatMap(({ rows }) => rows.map(({ task }) => task.id))
  useListKeys(ids.slice(0, most), current, actions)
  useKeptFocus(ids, current)
  if (!ids.length) return <Empty view={view} />

  const common = { view, now, current: current && ids.includes(current) ? current : ids[0]!, edited, actions }
  return (
    <>
      {firstOf(groups, most).map((group) => <Section key={group.name} {...common} group={group} />)}
      {ids.length > most && <More key={most} onSeen={() => setMost(most + PAGE)} />}
    </>
  )
}

/** When the row goes that has the focus, it goes to the one that comes in its place: never to nowhere. */
function useKeptFocus(ids: string[], current: string | null): void {
  const place = useRef(0)
  useEffect(() => {
    const at = current ? ids.indexOf(current) : -1
    if (at >= 0) place.current = at
    else if (current && document.activeElement === document.body) {
      const next = ids[Math.min(place.current, ids.length - 1)]
      document.getElementById(next ? `task-${next}` : 'quick-add')?.focus()
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
  const { begin, shift, dragged } = useSortable(list, rows.map(({ task }) => task.id), (id, to) => {
    const wish = dropped(id, to, rows, tasks)
    if (wish) actions.drop(id, wish)
  })
  const waits = new Set(waiting.map((command) => ('id' in command ? command.id : '')))
  const isOneList = listOf(view, lists) !== undefined
  return (
    <section className="mb-6" aria-label={group.title ?? 'Open tasks'}>
      {group.title && (
        <h2 className={`mb-1 border-b border-line pb-1 text-sm font-semibold ${group.name === 'overdue' ? 'text-danger' : ''}`}>
          {group.title} <span className="font-normal text-soft">{group.count}</span>
        </h2>
      )}
      <ul ref={list}>
        {rows.map(({ task, depth, parts, openParts, parent }, index) => (
          <TaskRow
            key={task.id}
            {...{ task, depth, parts, openParts, parent, actions, isOrdered, onGrip: begin }}
            list={isOneList ? undefined : lists.get(task.list_id)?.name}
            due={task.due_date ? isDayKnown(task, group) ?? dueText(task, now.day) : ''}
            urgency={task.due_date ? urgency(task, now) : null}
            waits={waits.has(task.id)}
            isCurrent={task.id === current}
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

/** The rows after those that are there are made when the end of them comes near. */
function More({ onSeen }: { onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen(), { rootMargin: '1200px' })
    observer.observe(end.current!)
    return () => observer.disconnect()
  })
  return <div ref={end} className="h-px" />
}
