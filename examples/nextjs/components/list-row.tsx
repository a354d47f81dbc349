'use client'

import type { List, Wish } from 'duly-client/types'
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { go } from '@/lib/view'
import { Editor, shade } from './editor'
import { Count, Entry } from './entry'
import { Icon } from './icon'
import { useKeepFocus } from './keep-focus'
import { type Action, Menu } from './menu'
import { useWorkspace } from './workspace'

export const NAME_LENGTH = 500

/** Where a list is among others, and how it gets elsewhere. */
interface Place {
  isFirst: boolean
  isLast: boolean
  by: (steps: number) => void
  begin: (event: PointerEvent<HTMLElement>) => void
  shift: number // pixels
  isDragged: boolean
  isDragging: boolean
}

export function ListRow({ list, open, isCurrent, place, onGo }: {
  list: List
  open: number | undefined
  isCurrent: boolean
  place?: Place
  onGo: (() => void) | undefined
}) {
  const { id, name, color, archived } = list
  const { act } = useWorkspace()
  const [isEditing, setEditing] = useState(false)
  const row = useRef<HTMLLIElement>(null)
  const link = useRef<HTMLAnchorElement>(null)
  useKeepFocus(row, '[aria-label="New list"]')

  const change = (fields: Partial<Pick<List, 'name' | 'color' | 'archived'>>, said: string) =>
    void act({ type: 'list.update', id, ...fields } as Wish, said)

  function remove() {
    void act({ type: 'list.delete', id }, `“${name}” and its tasks are in the trash`)
    if (isCurrent) go({}, { replace: true })
  }

  const actions = (): (Action | 'line')[] => [
    { label: 'Edit name and colour', icon: 'edit', keys: 'F2', act: () => setEditing(true) },
    ...(place && !place.isFirst ? [{ label: 'Move up', icon: 'up' as const, keys: 'Alt ↑', act: () => place.by(-1) }] : []),
    ...(place && !place.isLast ? [{ label: 'Move down', icon: 'down' as const, keys: 'Alt ↓', act: () => place.by(1) }] : []),
    archived
      ? { label: 'Back from the archive', icon: 'archive', act: () => change({ archived: false }, `“${name}” is back`) }
      : { label: 'Archive', icon: 'archive', act: () => change({ archived: true }, `“${name}” is archived`) },
    'line',
    { label: 'Delete', icon: 'trash', isDangerous: true, act: remove },
  ]

  function press(event: KeyboardEvent) {
    const steps = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined
    if (isEditing || (event.key !== 'F2' && !steps)) return
    event.preventDefault()
    if (steps) place?.by(steps)
    else setEditing(true)
  }

  return (
    <li
      ref={row}
      className={`group relative ${place?.isDragged ? 'z-10 rounded-lg bg-raised shadow-lg' : place?.isDragging ? 'transition-transform' : ''}`}
      style={place?.shift ? { transform: `translateY(${place.shift}px)` } : undefined}
      onKeyDown={press}
    >
      {isEditing ? (
        <Editor
          label="Name of the list"
          name={name}
          color={color}
          maxLength={NAME_LENGTH}
          onKeep={(text, chosen) => change({ name: text, color: chosen }, `“${text}” is changed`)}
          onEnd={(isByKeys) => {
            flushSync(() => setEditing(false))
            if (isByKeys) link.current?.focus()
          }}
        />
      ) : (
        <Entry
          view={{ list: id }}
          name={name}
          isCurrent={isCurrent}
          link={link}
          onGo={onGo}
          mark={<span className="size-2.5 rounded-full" style={{ backgroundColor: shade(color) }} />}
          controls={
            <>
              {place && (
                <span
                  aria-hidden="true"
                  className="absolute inset-y-0 -left-3 hidden w-6 cursor-grab touch-none place-content-center text-soft opacity-0 select-none group-hover:opacity-100 pointer-fine:grid"
                  onPointerDown={place.begin}
                >
                  <Icon name="grip" className="size-4" />
                </span>
              )}
              <RowMenu name={name} actions={actions} />
            </>
          }
        >
          <Count of={open} what="open" />
        </Entry>
      )}
    </li>
  )
}

/** The menu of a line: there when somebody points at the line or comes to it by keys, and always for fingers. */
export function RowMenu({ name, actions }: { name: string; actions: () => (Action | 'line')[] }) {
  return (
    <span className="absolute inset-y-0 right-0.5 flex items-center pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100">
      <Menu label={`Actions for ${name}`} actions={actions} />
    </span>
  )
}
