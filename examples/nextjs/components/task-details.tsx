'use client'

import { Dialog } from './dialog'
import { useSnapshot } from './workspace'

/** All about one task, in a sheet at the side. */
export function TaskDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const task = useSnapshot().tasks.get(id)
  if (!task) return null
  return (
    <Dialog title="Task" look="sheet" onClose={onClose}>
      <p className="p-5">{task.title}</p>
    </Dialog>
  )
}
