'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { useRef, useState } from 'react'
import { counts } from '@/lib/select'
import { say } from '@/lib/toasts'
import { finish } from '@/lib/unfinished'
import { counted } from '@/lib/words'
import { deletedOf } from './deleted-lists'
import { useKeepFocus } from './keep-focus'
import { Question } from './question'
import { useNow, useSnapshot, useWorkspace } from './workspace'

/** A button, while there is something in the trash. It asks first: this is for good. */
export function EmptyTrash() {
  const { api } = useWorkspace()
  const snapshot = useSnapshot()
  const { trash } = counts(snapshot, useNow())
  const lists = deletedOf(snapshot.lists).length
  const all = [trash && counted(trash, 'task'), lists && counted(lists, 'list')].filter(Boolean).join(' and ')
  const [isOpen, setOpen] = useState(false)

  async function empty() {
    await finish(() => api.DELETE('/api/trash'))
    setOpen(false)
    say('The trash is empty')
  }
  if (!all && !isOpen) return null
  return (
    <>
      <Opener onOpen={() => setOpen(true)} />
      {isOpen && (
        <Question title="Empty the trash?" answer="Delete for good" onYes={empty} onClose={() => setOpen(false)}>
          <p>
            What is in it, {all}, goes for good, on all your devices. Nobody can bring it back.
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
