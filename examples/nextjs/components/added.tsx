'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { Snapshot } from 'duly-client/replica'
import type { Task } from 'duly-client/types'
import { focusRow } from '@/lib/focus-row'
import { select } from '@/lib/select'
import { address, current, go } from '@/lib/view'
import { useNow, useSnapshot } from './workspace'

/** What was added and is not to be seen, and where one was then. */
export interface Hidden {
  task: Task
  count: number
  at: string
}

/** Of those that were added just now what this view does not show: it is of another list, day or search. */
export function hiddenOf(ids: string[], { tasks, lists }: Snapshot, now: ReturnType<typeof useNow>): Hidden | null {
  const view = current()
  const isHidden = (task: Task) => !select({ tasks: new Map([[task.id, task]]), lists }, view, now, new Set()).length
  const hidden = ids.map((id) => tasks.get(id)).filter((task) => task !== undefined).filter(isHidden)
  return hidden[0] ? { task: hidden[0], count: hidden.length, at: address(view) } : null
}

/** Says where it went, and goes there. */
export function Added({ hidden }: { hidden: Hidden | null }) {
  const { lists } = useSnapshot()
  const list = hidden && lists.get(hidden.task.list_id)
  function show({ task: { id, list_id } }: Hidden) {
    go(list?.is_inbox ? {} : { list: list_id })
    requestAnimationFrame(() => focusRow(id))
  }
  return (
    // It is there from the beginning, or nothing would be read out.
    <div role="status" className={hidden && list ? 'mt-2 flex items-center gap-2 rounded-xl bg-wash py-1 pr-1 pl-4' : 'sr-only'}>
      {hidden && list && (
        <>
          <p dir="auto" className="min-w-0 flex-1 wrap-anywhere">
            {hidden.count > 1 ? `${hidden.count} tasks are` : `“${hidden.task.title}” is`} in {list.name}, and not shown here.
          </p>
          <button type="button" className="button text-accent hover:bg-hover" onClick={() => show(hidden)}>Show</button>
        </>
      )}
    </div>
  )
}
