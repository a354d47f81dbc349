'use client'

import { type ReactNode, type RefObject } from 'react'
import { address, go, type View } from '@/lib/view'
import { Icon, type IconName } from './icon'

/** A line of the sidebar that leads to a view: a real link, which needs no request. */
export function Entry({ view, name, isCurrent, icon, mark, controls, link, onGo, children }: {
  view: View
  name: string
  isCurrent: boolean
  icon?: IconName
  /** In the place of an icon. */
  mark?: ReactNode
  /** What shows over the count when somebody points at the line. */
  controls?: ReactNode
  link?: RefObject<HTMLAnchorElement | null>
  onGo?: (() => void) | undefined
  children?: ReactNode
}) {
  return (
    <>
      <a
        ref={link}
        href={address(view)}
        draggable={false}
        aria-current={isCurrent ? 'page' : undefined}
        className={`item flex-wrap group/link focus-visible:-outline-offset-2 ${controls ? 'pointer-coarse:pr-12' : ''}`}
        onClick={(event) => {
          if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
          event.preventDefault()
          go(view)
          onGo?.()
        }}
      >
        <span className="grid size-5 shrink-0 place-content-center text-soft group-aria-[current]/link:text-accent">
          {mark ?? (icon && <Icon name={icon} />)}
        </span>
        <span dir="auto" className="min-w-0 flex-1 basis-12 truncate text-left" title={name}>{name}</span>
        {/* Controls take its place while somebody points there. */}
        <span className={`ml-auto flex flex-wrap justify-end gap-x-2 ${controls ? 'pointer-fine:group-focus-within:opacity-0 pointer-fine:group-hover:opacity-0' : ''}`}>
          {children}
        </span>
      </a>
      {controls}
    </>
  )
}

/** So many tasks, in words too; nothing if there are none. */
export function Count({ of = 0, what }: { of?: number | undefined; what: string }) {
  if (!of) return null
  return (
    <span className="text-[0.8125rem] text-soft tabular-nums">
      {of}
      <span className="sr-only"> {what}</span>
    </span>
  )
}

export function Heading({ children, action }: { children: string; action?: ReactNode }) {
  return (
    <div className="mt-6 mb-1 flex min-h-8 items-center justify-between pl-2.5">
      <h2 className="heading">{children}</h2>
      {action}
    </div>
  )
}
