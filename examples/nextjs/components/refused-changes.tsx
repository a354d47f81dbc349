'use client'

import type { Refused } from 'duly-client/state'
import type { Wish } from 'duly-client/types'
import { complain } from '@/lib/toasts'
import { useSnapshot, useWorkspace } from './workspace'

const WHAT: Partial<Record<Wish['type'], string>> = {
  ...{ 'task.create': 'A new subtask', 'task.complete': 'The tick', 'task.move': 'The move' },
  ...{ 'task.delete': 'Deleting it', 'task.restore': 'Restoring it' },
}

/** What Duly did not take of the changes of one task, and why: it is tried again, or dropped. */
export function RefusedChanges({ id }: { id: string }) {
  const refused = useSnapshot().refused.filter(
    ({ command }) => ('id' in command && command.id === id) || ('parent_id' in command && command.parent_id === id),
  )
  return refused.map((each) => <Line key={each.command.uuid} {...each} />)
}

function Line({ command, problem }: Refused) {
  const { replica } = useWorkspace()
  const { uuid, base_version: _version, ...wish } = command

  async function retry() {
    try {
      await replica.send(wish as Wish)
      await replica.dismiss(uuid)
    } catch (error) {
      complain(error)
    }
  }
  return (
    <div role="group" aria-label="Not accepted" className="rounded-xl bg-danger-wash p-3">
      <p className="wrap-anywhere">
        <strong className="font-medium text-danger">{WHAT[command.type] ?? 'A change'} was not accepted.</strong>{' '}
        {problem.detail ?? problem.title}
      </p>
      {'title' in command && command.title && <p dir="auto" className="mt-1 wrap-anywhere text-soft">“{command.title}”</p>}
      <div className="mt-1 -ml-3 flex">
        <button type="button" className="button font-medium" onClick={() => void retry()}>Try again</button>
        <button type="button" className="button text-soft hover:text-ink" onClick={() => void replica.dismiss(uuid)}>Drop it</button>
      </div>
    </div>
  )
}
