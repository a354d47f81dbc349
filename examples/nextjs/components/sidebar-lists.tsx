'use client'

import { newId } from 'duly-client/ids'
import { byPosition } from 'duly-client/position'
import { useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useView } from '@/lib/view'
import { Editor } from './editor'
import { Heading } from './entry'
import { Icon } from './icon'
import { ListRow, NAME_LENGTH } from './list-row'
import { useSortable } from './sortable'
import { useSnapshot, useWorkspace } from './workspace'

/** The lists that the user made, in their order; those put away are folded. */
export function SidebarLists({ open, onGo }: { open: ReadonlyMap<string, number>; onGo: (() => void) | undefined }) {
  const { act } = useWorkspace()
  const { lists } = useSnapshot()
  const view = useView()
  const [isAdding, setAdding] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const rows = useRef<HTMLUListElement>(null)
  const own = [...lists.values()].filter((list) => !list.is_inbox && !list.deleted_at).sort(byPosition)
  const shown = own.filter((list) => !list.archived)
  const archived = own.filter((list) => list.archived)
  const ids = shown.map(({ id }) => id)
  const { begin, shift, dragged } = useSortable(rows, ids, move)

  function move(id: string, to: number) {
    const others = ids.filter((other) => other !== id)
    const [before, first] = [others[to - 1], others[0]]
    if (to === ids.indexOf(id) || to > others.length || !first || (to && !before)) return
    const place = before ? { after: before } : { before: first }
    void act({ type: 'list.move', id, ...place }, `“${lists.get(id)?.name}” is number ${to + 1} of ${ids.length}`)
  }
  const add = (name: string, color: string | null) =>
    void act({ type: 'list.create', id: newId(), name, ...(color && { color }) }, `“${name}” is a new list`)

  return (
    <section aria-label="Lists">
      <Heading
        action={
          <button ref={button} type="button" className="icon-button" aria-label="New list" title="New list" onClick={() => setAdding(true)}>
            <Icon name="add" />
          </button>
        }
      >
        Lists
      </Heading>
      <ul ref={rows}>
        {shown.map((list, index) => (
          <ListRow
            key={list.id}
            list={list}
            open={open.get(list.id)}
            isCurrent={view.list === list.id}
            onGo={onGo}
            place={{
              isFirst: !index,
              isLast: index === shown.length - 1,
              by: (steps) => move(list.id, index + steps),
              begin: (event) => begin(list.id, event),
              shift: shift(list.id, index),
              isDragged: dragged === list.id,
              isDragging: dragged !== undefined,
            }}
          />
        ))}
      </ul>
      {isAdding && (
        <Editor
          label="Name of the new list"
          placeholder="New list"
          color={null}
          maxLength={NAME_LENGTH}
          stays
          onKeep={add}
          onEnd={(isByKeys) => {
            flushSync(() => setAdding(false))
            if (isByKeys) button.current?.focus()
          }}
        />
      )}
      {archived.length > 0 && (
        <details className="group/archived" open={archived.some(({ id }) => id === view.list) || undefined}>
          <summary className="item list-none text-soft">
            <span className="grid size-5 place-content-center">
              <Icon name="chevron" className="size-4 transition-transform group-open/archived:rotate-90" />
            </span>
            <span className="flex-1">Archived</span>
            <span className="text-[0.8125rem] tabular-nums">{archived.length}</span>
          </summary>
          <ul>
            {archived.map((list) => (
              <ListRow key={list.id} list={list} open={open.get(list.id)} isCurrent={view.list === list.id} onGo={onGo} />
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
