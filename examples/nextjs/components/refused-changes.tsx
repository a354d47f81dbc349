'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { Refusal } from './refused'
import { useSnapshot } from './workspace'

/** What Duly did not take of the changes of one task and of its new parts, and why. */
export function RefusedChanges({ id }: { id: string }) {
  const refused = useSnapshot().refused.filter(
    ({ command }) => ('id' in command && command.id === id) || ('parent_id' in command && command.parent_id === id),
  )
  if (!refused.length) return null
  return (
    <ul aria-label="Not accepted" className="divide-y divide-line rounded-xl bg-danger-wash px-4">
      {refused.map((each) => <Refusal key={each.command.uuid} {...each} />)}
    </ul>
  )
}
