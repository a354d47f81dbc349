'use client'

import { type ReactNode, useId, useRef, useState } from 'react'
import { Icon, type IconName } from './icon'
import { place } from './place'

export interface Action {
  label: string
  icon?: IconName
  /** How the keyboard does it in the page: not where a dialog is open, so it is not shown there. */
  keys?: string
  isDangerous?: boolean
  act: () => void
}

/** A button that opens a popover with more buttons: the browser closes it, and brings the focus back.
 *
 *  `label` names the button for those who do not see what is in it. The actions are made when it opens. */
export function Menu({ label, id, className = 'icon-button', tabIndex = 0, actions, children }: {
  label: string
  id?: string
  className?: string
  tabIndex?: number
  actions: () => (Action | 'line')[]
  children?: ReactNode
}) {
  const popover = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const name = useId()
  const [isOpen, setOpen] = useState(false)

  function show() {
    place(popover.current!, button.current!)
    popover.current!.querySelector('button')?.focus()
  }
  return (
    <>
      <button
        ref={button}
        id={id}
        type="button"
        className={className}
        tabIndex={tabIndex}
        aria-label={label}
        aria-expanded={isOpen}
        popoverTarget={name}
      >
        {children ?? <Icon name="more" />}
      </button>
      <div
        ref={popover}
        id={name}
        popover="auto"
        className="m-0 min-w-[min(13rem,calc(100vw-0.5rem))] max-w-[calc(100vw-0.5rem)] rounded-xl border border-line bg-raised p-1 text-ink shadow-xl"
        onBeforeToggle={(event) => setOpen(event.newState === 'open')}
        onToggle={(event) => event.newState === 'open' && show()}
        onKeyDown={step}
      >
        {isOpen &&
          actions().map((action, index) =>
            action === 'line' ? (
              <hr key={index} className="my-1 border-line" />
            ) : (
              <button
                key={action.label}
                type="button"
                className={`item ${action.isDangerous ? 'text-danger' : ''}`}
                onClick={() => {
                  popover.current?.hidePopover()
                  action.act()
                }}
              >
                {action.icon && <Icon name={action.icon} />}
                <span className="flex-1">{action.label}</span>
                {action.keys && <kbd className="font-sans text-xs text-soft pointer-coarse:hidden in-[dialog]:hidden">{action.keys}</kbd>}
              </button>
            ),
          )}
      </div>
    </>
  )
}

/** Arrows as well as Tab. */
function step(event: React.KeyboardEvent<HTMLDivElement>) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!by) return
  event.preventDefault()
  event.stopPropagation()
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons.at((at + by) % buttons.length)?.focus()
}
