'use client'

import { useEffect, useId, useRef, useState, useSyncExternalStore } from 'react'
import { counted } from '@/lib/words'
import { Icon, type IconName } from './icon'
import { place } from './place'
import { useSnapshot, useWorkspace } from './workspace'

const PATIENCE = 1_000 // milliseconds in which nobody has to hear of it

/** Whether it has been so for a while. */
export function useLasting(isSo: boolean): boolean {
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    if (!isSo) return
    const timer = setTimeout(() => setLong(true), PATIENCE)
    return () => {
      clearTimeout(timer)
      setLong(false)
    }
  }, [isSo])
  return isSo && isLong
}

/** What the device knows at once, a connection that is open tells only when it is used. */
function useNetwork(): boolean {
  return useSyncExternalStore(watchNetwork, () => navigator.onLine, () => true)
}

function watchNetwork(listener: () => void): () => void {
  const stop = new AbortController()
  for (const event of ['online', 'offline']) addEventListener(event, listener, { signal: stop.signal })
  return () => stop.abort()
}

interface Said {
  text: string
  icon: IconName
  why: string
}

/** The calm truth about what is sent and what is kept: nothing when all is well. */
export function SyncStatus() {
  const { status } = useSnapshot()
  const isNetwork = useNetwork()
  const isOffline = useLasting(!status.online || !isNetwork)
  const isSlow = useLasting(status.pending > 0)
  const waits = status.pending ? `${counted(status.pending, 'change')} wait${status.pending === 1 ? 's' : ''}` : ''
  const shown: Said[] = []
  if (status.closed) return null
  if (status.signedOut) {
    return (
      <a href="/sign-in" className="chip min-h-8 bg-wash text-accent pointer-coarse:min-h-11">
        <Icon name="person" className="size-4" />
        {status.pending ? `Sign in to send ${counted(status.pending, 'change')}` : 'Signed out: sign in'}
      </a>
    )
  }
  if (isOffline) shown.push({ text: ['Offline', waits].filter(Boolean).join(', '), icon: 'offline', why: OFFLINE })
  else if (isSlow) shown.push({ text: waits, icon: 'cloud', why: SLOW })
  if (!status.stored) shown.push({ text: 'Not kept on this device', icon: 'device', why: NOT_KEPT })
  return (
    <div aria-live="polite" className="flex items-center gap-1">
      {shown.map((said) => <Chip key={said.icon} {...said} />)}
    </div>
  )
}

const OFFLINE = 'All your tasks are on this device. What you do is kept here, and sent when Duly can be reached again.'
const SLOW = 'What you did is kept on this device, and is on its way. It is taking longer than usual.'
const NOT_KEPT =
  'The browser gives no room, or forbids to use it: in a private window, say. All works, but what is not sent yet is lost when this tab is closed.'

function Chip({ text, icon, why }: Said) {
  const { replica } = useWorkspace()
  const isMarked = useSnapshot().status.pending > 0 && icon !== 'device'
  const popover = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  return (
    <>
      <button ref={button} type="button" popoverTarget={id} className="chip min-h-8 hover:text-ink pointer-coarse:min-h-11" title={text}>
        <Icon name={icon} className="size-4" />
        {/* The place beside a title is narrow on a phone. */}
        <span className="max-sm:sr-only">{text}</span>
      </button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        className="m-0 w-[min(20rem,calc(100vw-1.5rem))] rounded-xl border border-line bg-raised p-4 text-ink shadow-xl"
        onToggle={(event) => event.newState === 'open' && place(popover.current!, button.current!)}
      >
        <p className="font-medium">{text}</p>
        <p className="mt-1 text-sm text-soft">{why}</p>
        {isMarked && (
          <p className="mt-1 text-sm text-soft">
            <span aria-hidden="true" className="mr-1.5 mb-0.5 inline-block size-1.5 rounded-full bg-edge" />
            A dot is at each task that waits.
          </p>
        )}
        {icon !== 'device' && (
          <button
            type="button"
            className="button-outline mt-3"
            onClick={() => {
              popover.current?.hidePopover()
              replica.retry()
            }}
          >
            Try now
          </button>
        )}
      </div>
    </>
  )
}
