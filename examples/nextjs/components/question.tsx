'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { type ReactNode, useState } from 'react'
import { Dialog } from './dialog'

/** Asks before something is done that nobody can undo. Why it did not work shows in it: it lies over all else. */
export function Question({ title, answer, isBusy = false, onYes, onClose, children }: {
  title: string
  /** What the button that does it says. */
  answer: string
  isBusy?: boolean
  onYes: (form: FormData) => Promise<void>
  onClose: () => void
  children: ReactNode
}) {
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')

  async function submit(form: FormData) {
    setAsking(true)
    setProblem('')
    try {
      await onYes(form)
    } catch (error) {
      setProblem(error instanceof TypeError ? 'The network does not answer. Please try again.' : (error as Error).message)
      setAsking(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          void submit(new FormData(event.currentTarget))
        }}
      >
        {children}
        <p role="alert" className="text-sm text-danger empty:hidden">{problem}</p>
        <div className="flex flex-wrap justify-end gap-2 pt-1">
          <button type="button" className="button-outline" onClick={onClose}>Cancel</button>
          <button type="submit" className="button bg-danger text-surface hover:brightness-110" disabled={isAsking || isBusy}>
            {isAsking ? 'One moment…' : answer}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
