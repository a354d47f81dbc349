'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { List } from 'duly-client/types'
import { useRef } from 'react'
import type { Rows } from '@/lib/select'
import { counted } from '@/lib/words'
import { shade } from './editor'
import { useKeepFocus } from './keep-focus'
import { useSnapshot, useWorkspace } from './workspace'

/** The lists in the trash, the latest first. */
export const deletedOf = (lists: Rows['lists']): List[] =>
  [...lists.values()].filter((list) => list.deleted_at).sort((one, other) => (one.deleted_at! < other.deleted_at! ? 1 : -1))

/** Lists come back from the trash with the tasks that went there with them. */
export function DeletedLists() {
  const { lists, tasks } = useSnapshot()
  const deleted = deletedOf(lists)
  if (!deleted.length) return null
  const countOf = (list: List) =>
    [...tasks.values()].filter((task) => task.list_id === list.id && task.deleted_at === list.deleted_at).length
  return (
    <section aria-labelledby="deleted-lists" className="mb-6">
      <h2 id="deleted-lists" className="mb-1 border-b border-line pb-1 text-sm font-semibold">Deleted lists</h2>
      <ul>
        {deleted.map((list) => <Deleted key={list.id} list={list} count={countOf(list)} />)}
      </ul>
    </section>
  )
}

function Deleted({ list: { id, name, color }, count }: { list: List; count: number }) {
  const { act } = useWorkspace()
  const row = useRef<HTMLLIElement>(null)
  useKeepFocus(row, '#tasks')
  return (
    <li ref={row} className="flex items-center gap-3 border-b border-line py-1.5 pl-4">
      <span className="size-2.5 shrink-0 rounded-full" style={{ backgroundColor: shade(color) }} />
      <p className="min-w-0 flex-1 wrap-anywhere">
        <span dir="auto">{name}</span> {count > 0 && <span className="text-sm text-soft">with {counted(count, 'task')}</span>}
      </p>
      <button
        type="button"
        className="button-outline"
        aria-label={`Restore the list ${name}`}
        onClick={() => void act({ type: 'list.restore', id }, `“${name}” is back`)}
      >
        Restore
      </button>
    </li>
  )
}
