'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { Refused as Given } from 'duly-client/state'
import { useRef, useState } from 'react'
import { reason } from '@/lib/api'
import { counted, wordsOf } from '@/lib/words'
import { Dialog } from './dialog'
import { Icon } from './icon'
import { useKeepFocus } from './keep-focus'
import { useSnapshot, useWorkspace } from './workspace'

/** What Duly refused, until somebody has decided what becomes of it. */
export function Refused() {
  const { refused } = useSnapshot()
  const [isOpen, setOpen] = useState(false)
  return (
    <div aria-live="polite">
      {refused.length > 0 && <Banner number={refused.length} onOpen={() => setOpen(true)} />}
      {isOpen && refused.length > 0 && (
        <Dialog title="Not accepted" onClose={() => setOpen(false)}>
          <p className="text-sm text-soft">Your tasks are as they were before. You decide what becomes of these changes.</p>
          <ul className="mt-3 max-h-[60dvh] divide-y divide-line overflow-y-auto border-t border-line">
            {refused.map((refusal) => <Refusal key={refusal.command.uuid} {...refusal} onLast={() => refused.length === 1 && setOpen(false)} />)}
          </ul>
        </Dialog>
      )}
    </div>
  )
}

function Banner({ number, onOpen }: { number: number; onOpen: () => void }) {
  const row = useRef<HTMLDivElement>(null)
  useKeepFocus(row, '#tasks')
  return (
    <div ref={row} className="mb-3 flex items-center gap-2.5 rounded-xl border border-line bg-surface py-1.5 pr-1.5 pl-3 text-sm">
      <Icon name="warning" className="size-4.5 text-danger" />
      <p className="min-w-0 flex-1">
        {counted(number, 'change')} {number === 1 ? 'was' : 'were'} not accepted
      </p>
      <button type="button" className="button-plain text-sm text-accent" onClick={onOpen}>See why</button>
    </div>
  )
}

/** One change: it is tried again, or dropped. */
export function Refusal({ command, problem, onLast }: Given & { onLast?: () => void }) {
  const { replica } = useWorkspace()
  const { verb, what } = wordsOf(command, useSnapshot())
  const row = useRef<HTMLLIElement>(null)
  useKeepFocus(row, '#tasks')

  async function again() {
    await replica.send(command) // which becomes another one, as of what is here now
    await drop()
  }
  async function drop() {
    onLast?.()
    await replica.dismiss(command.uuid)
  }
  return (
    <li ref={row} className="py-3">
      <p className="wrap-anywhere">
        {verb} <span className="font-medium" dir="auto">“{what}”</span>
      </p>
      <p className="mt-0.5 text-sm text-danger">{reason(problem)}</p>
      <p className="mt-2 flex gap-2">
        <button type="button" className="button-outline" onClick={() => void again()}>Try again</button>
        <button type="button" className="button-plain" onClick={() => void drop()}>Drop</button>
      </p>
    </li>
  )
}
