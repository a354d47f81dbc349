'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { useEffect, useState } from 'react'
import { leave } from '@/lib/leave'
import { counted } from '@/lib/words'
import { Question } from './question'
import { useSnapshot, useWorkspace } from './workspace'

/** Asks what shall become of changes that are not sent yet. */
export function SignOut({ onClose }: { onClose: () => void }) {
  const { replica } = useWorkspace()
  const { pending, online, signedOut } = useSnapshot().status
  const [isWaiting, setWaiting] = useState(false)
  const [problem, setProblem] = useState('')
  const isSent = isWaiting && !pending
  useEffect(() => {
    if (isSent) leave(replica).catch(() => setProblem('All is sent, but the network does not answer now: you are still signed in.'))
  }, [isSent, replica])

  const send = () => {
    setWaiting(true)
    replica.retry()
  }
  return (
    <Question title={pending ? `${counted(pending, 'change')} ${pending === 1 ? 'is' : 'are'} not sent yet` : 'All is sent'} answer="Discard and sign out" onYes={() => leave(replica)} onClose={onClose}>
      <p>Signing out leaves nothing on this device: what is not sent by then is lost.</p>
      {signedOut ? (
        <p>
          To send it, <a className="font-medium text-accent underline underline-offset-2" href="/sign-in">sign in again</a> as
          the same user.
        </p>
      ) : (
        <button type="button" className="button-primary w-full" disabled={isWaiting} onClick={send}>
          {isWaiting ? 'Sending…' : 'Send, then sign out'}
        </button>
      )}
      {isWaiting && pending > 0 && !online && <p className="text-soft">The network does not answer yet. It goes on by itself.</p>}
      <p role="alert" className="text-sm text-danger empty:hidden">{problem}</p>
    </Question>
  )
}
