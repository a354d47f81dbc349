'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { ZONE } from '@/lib/dates'
import { listen } from '@/lib/keys'
import { follow, leave } from '@/lib/leave'
import { choose, type Theme, THEMES, useTheme } from '@/lib/theme'
import { complain } from '@/lib/toasts'
import { EraseAccount } from './erase-account'
import { Icon, type IconName } from './icon'
import { Shortcuts } from './shortcuts'
import { SignOut } from './sign-out'
import { TimeZone, useOwnZone } from './time-zone'
import { useSnapshot, useWorkspace } from './workspace'

const DIALOGS = { shortcuts: Shortcuts, zone: TimeZone, erase: EraseAccount, leave: SignOut }

/** Who is signed in, and what they can choose. */
export function Account() {
  const { user, replica } = useWorkspace()
  const { settings, status } = useSnapshot()
  const { pending, closed } = status
  const popover = useRef<HTMLDivElement>(null)
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const [dialog, setDialog] = useState<keyof typeof DIALOGS | null>(null)
  const Shown = dialog && DIALOGS[dialog]
  useOwnZone()
  useEffect(() => {
    if (closed) follow()
  }, [closed])
  useEffect(() => listen(() => ({ '?': () => setDialog('shortcuts') })), [])

  function show(wanted: keyof typeof DIALOGS) {
    popover.current?.hidePopover() // which brings the focus back to the button, and the dialog after it
    setDialog(wanted)
  }
  function end() {
    if (pending) return show('leave')
    popover.current?.hidePopover()
    leave(replica).catch((error: unknown) =>
      complain(error instanceof TypeError ? new Error('The network does not answer: you are still signed in.') : error),
    )
  }
  return (
    <div className="border-t border-line p-2">
      <button type="button" className="item" popoverTarget={id} aria-expanded={isOpen}>
        <span aria-hidden="true" className="grid size-7 shrink-0 place-content-center rounded-full bg-wash text-[0.8125rem] font-semibold text-accent">
          {[...user.name.trim()][0]?.toUpperCase()}
        </span>
        <span className="sr-only">Account of </span>
        <span dir="auto" className="min-w-0 flex-1 truncate text-left">{user.name}</span>
        <Icon name="more" />
      </button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        className="inset-auto bottom-16 left-2 m-0 max-h-[calc(100dvh-5rem)] w-64 rounded-xl border border-line bg-raised p-1 text-ink shadow-xl"
        onBeforeToggle={(event) => setOpen(event.newState === 'open')}
        onToggle={(event) => event.newState === 'open' && popover.current?.querySelector('button')?.focus()}
      >
        <p className="px-2.5 pt-2 font-medium wrap-anywhere" dir="auto">{user.name}</p>
        <p className="px-2.5 pb-2 text-[0.8125rem] text-soft wrap-anywhere">{user.email}</p>
        <Themes />
        <hr className="my-1 border-line" />
        <Choice icon="keyboard" onClick={() => show('shortcuts')}>Keyboard shortcuts</Choice>
        <Choice icon="zone" onClick={() => show('zone')}>
          Time zone
          <span className="min-w-0 flex-1 truncate text-right text-[0.8125rem] text-soft">{settings?.time_zone ?? ZONE}</span>
        </Choice>
        <Choice icon="trash" isDangerous onClick={() => show('erase')}>Erase account</Choice>
        <hr className="my-1 border-line" />
        <Choice icon="leave" onClick={end}>Sign out</Choice>
      </div>
      {Shown && <Shown onClose={() => setDialog(null)} />}
    </div>
  )
}

function Choice({ icon, isDangerous, onClick, children }: {
  icon: IconName
  isDangerous?: boolean
  onClick: () => void
  children: ReactNode
}) {
  return (
    <button type="button" className={`item ${isDangerous ? 'text-danger' : ''}`} onClick={onClick}>
      <Icon name={icon} />
      {children}
    </button>
  )
}

const THEME_NAMES: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

function Themes() {
  const theme = useTheme()
  const group = useId()
  return (
    <fieldset className="mx-1.5 mb-1.5 flex rounded-lg bg-page p-0.5">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((each) => (
        <label
          key={each}
          className="flex min-h-8 flex-1 items-center justify-center rounded-md text-sm text-soft has-checked:bg-raised has-checked:font-medium has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:min-h-11"
        >
          <input type="radio" name={group} className="sr-only" checked={theme === each} onChange={() => choose(each)} />
          {THEME_NAMES[each]}
        </label>
      ))}
    </fieldset>
  )
}
