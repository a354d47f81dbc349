'use client'

import { useRef, useState } from 'react'
import { counts } from '@/lib/select'
import { say } from '@/lib/toasts'
import { finish } from '@/lib/unfinished'
import { useKeepFocus } from './keep-focus'
import { Question } from './question'
import { useNow, useSnapshot, useWorkspace } from './workspace'

/** A button, while there is something in the trash. It asks first: this is for good. */
export function EmptyTrash() {
  const { api } = useWorkspace()
  const { trash } = counts(useSnapshot(), useNow())
  const [isOpen, setOpen] = useState(false)

  async function empty() {
    await finish(() => api.DELETE('/api/trash'))
    setOpen(false)
    say('The trash is empty')
  }
  if (!trash && !isOpen) return null
  return (
    <>
      <Opener onOpen={() => setOpen(true)} />
      {isOpen && (
        <Question title="Empty the trash?" answer="Delete for good" onYes={empty} onClose={() => setOpen(false)}>
          <p>
            {trash === 1 ? 'The task' : `All ${trash} tasks`} in it, and deleted lists, go for good, on all your devices.
            Nobody can bring them back.
          </p>
        </Question>
      )}
    </>
  )
}

function Opener({ onOpen }: { onOpen: () => void }) {
  const button = useRef<HTMLButtonElement>(null)
  useKeepFocus(button, '#tasks')
  return <button ref={button} type="button" className="button-danger" onClick={onOpen}>Empty trash</button>
}
