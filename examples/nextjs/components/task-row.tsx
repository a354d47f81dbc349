'use client'

import type { Task } from 'duly-client/types'
import { memo, type PointerEvent } from 'react'
import type { Urgency } from '@/lib/dates'
import { words } from '@/lib/recurrence'
import { Grip } from './grip'
import { Icon } from './icon'
import { Menu } from './menu'
import { RowTitle } from './row-title'
import type { RowActions } from './row-actions'

export interface RowProps {
  task: Task
  /** Its number among so many. */
  place: number
  of: number
  depth: number
  parts: number
  openParts: number
  parent: string | undefined
  /** The list it is in, where that is not plain. */
  list: string | undefined
  due: string
  urgency: Urgency | null
  waits: boolean
  isCurrent: boolean
  isEdited: boolean
  isOrdered: boolean
  isDragged: boolean
  /** How far out of its place, in pixels. */
  shift: number
  actions: RowActions
  onGrip: (id: string, event: PointerEvent<HTMLElement>) => void
}

const DUE: Record<Urgency, string> = { overdue: 'text-danger', today: 'text-accent', later: '' }
const INDENT = 28 // pixels for each level

/** Rendered again only when something of it has changed. */
export const TaskRow = memo(function TaskRow(props: RowProps) {
  const { task, depth, actions, isCurrent, isOrdered, isDragged, shift } = props
  const tabIndex = isCurrent ? 0 : -1
  return (
    <li
      data-id={task.id}
      aria-posinset={props.place}
      aria-setsize={props.of}
      className={`group relative sm:-ml-5 sm:pl-5 ${isDragged ? 'z-10' : shift ? 'transition-transform duration-100' : ''}`}
      style={{ transform: shift ? `translateY(${shift}px)` : undefined }}
      onFocus={() => actions.focus(task.id)}
    >
     <div
      className={`flex items-start gap-1 border-b border-line px-1 ${isDragged ? 'rounded-lg bg-raised' : ''}`}
      style={{ marginInlineStart: `${depth * INDENT}px` }}
     >
      <label className="grid size-10 shrink-0 place-content-center pointer-coarse:h-11 pointer-coarse:w-[44px]">
        <input
          type="checkbox"
          className="tick"
          tabIndex={tabIndex}
          data-priority={task.priority}
          aria-label={`Done: ${task.title}`}
          checked={task.completed}
          disabled={task.deleted_at !== null}
          onChange={() => actions.tick(task.id)}
        />
      </label>
      <div className="min-w-0 flex-1 py-2" onClick={(event) => event.target === event.currentTarget && actions.open(task.id)}>
        <RowTitle task={task} waits={props.waits} isEdited={props.isEdited} tabIndex={tabIndex} actions={actions} />
        <Meta {...props} />
      </div>
      {props.waits && (
        <span id={`waits-${task.id}`} title="Not sent yet" className="mt-4 size-1.5 shrink-0 rounded-full bg-edge">
          <span className="sr-only">Not sent yet</span>
        </span>
      )}
      {/* For a finger all of it is in the details, which the row opens. */}
      <Menu label={`More for ${task.title}`} className="icon-button mt-1 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 aria-expanded:opacity-100 pointer-coarse:hidden" tabIndex={tabIndex} actions={() => actions.menu(task.id)} />
      {isOrdered && <Grip onGrip={(event) => props.onGrip(task.id, event)} />}
     </div>
    </li>
  )
})

function Meta({ task, parts, openParts, parent, list, due, urgency, actions }: RowProps) {
  const isShown = due || parts || parent || list || task.tags.length || task.description || task.priority !== 'none'
  if (!isShown) return null
  return (
    <p
      className="flex cursor-default flex-wrap items-center gap-x-3 gap-y-0.5 text-[0.8125rem] leading-5 text-soft"
      onClick={() => actions.open(task.id)}
    >
      {due && (
        <span className={`inline-flex items-center gap-1 ${urgency && !task.completed ? DUE[urgency] : ''}`}>
          <Icon name="calendar" className="size-3.5" />
          {urgency === 'overdue' && !task.completed && <span className="sr-only">Overdue:</span>}
          {due}
        </span>
      )}
      {task.recurrence && (
        <span className="inline-flex items-center gap-1">
          <Icon name="repeat" className="size-3.5" />
          {words(task.recurrence)}
        </span>
      )}
      {(task.priority === 'urgent' || task.priority === 'high') && (
        <span className={`inline-flex items-center gap-1 ${task.priority === 'urgent' ? 'text-danger' : 'text-high'}`}>
          <Icon name="flag" className="size-3.5" />
          {task.priority === 'urgent' ? 'Urgent' : 'High'}
        </span>
      )}
      {parts > 0 && (
        <span className="inline-flex items-center gap-1">
          <Icon name="parts" className="size-3.5" />
          {parts - openParts}/{parts}<span className="sr-only"> parts done</span>
        </span>
      )}
      {task.description && <Icon name="note" className="size-3.5" />}
      {task.tags.map((tag) => <span key={tag} className="wrap-anywhere" dir="auto">#{tag}</span>)}
      {parent && <span className="max-w-48 truncate" dir="auto">in {parent}</span>}
      {list && <span className="inline-flex max-w-48 items-center gap-1"><Icon name="list" className="size-3.5" /><span className="truncate" dir="auto">{list}</span></span>}
    </p>
  )
}
