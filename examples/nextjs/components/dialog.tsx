'use client'

import { type ReactNode, useEffect, useId, useRef } from 'react'
import { createPortal } from 'react-dom'
import { enter } from '@/lib/top-layer'
import { Icon } from './icon'

/** The browser's own modal dialog: it keeps the focus and gives it back; Escape and the backdrop close it.
 *
 *  Render it while it is open. `look` is `box`, in the middle, or `sheet`, at the side. */
export function Dialog({ title, look = 'box', onClose, children }: {
  title: string
  look?: 'box' | 'sheet' | 'drawer'
  onClose: () => void
  children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const opener = document.activeElement
    const element = dialog.current!
    element.showModal()
    const leave = enter(element)
    return () => {
      leave()
      element.close()
      if (document.activeElement !== document.body) return
      // What opened it may have been made anew meanwhile, with the same id, or be gone.
      const again = opener?.isConnected ? opener : document.getElementById(opener?.id ?? '')
      const target = again && again !== document.body ? again : document.querySelector('main')
      if (target instanceof HTMLElement) target.focus({ preventScroll: true })
    }
  }, [])
  // At the end of the page: what it is written in may not be shown, or may be a paragraph.
  return createPortal(
    // A click on the backdrop is one on the dialog itself.
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      className={look}
      onCancel={(event) => {
        event.preventDefault()
        // In React it bubbles: the one of a dialog within this one comes by as well.
        if (event.target === event.currentTarget) onClose()
      }}
      onMouseDown={(event) => event.target === event.currentTarget && onClose()}
    >
      <div className={look === 'box' ? 'contents' : 'flex h-full flex-col'}>
        <header className={`flex items-center justify-between gap-2 ${look === 'box' ? 'mb-3' : 'border-b border-line px-5 py-2.5'}`}>
          <h2 id={heading} className="text-lg font-semibold">{title}</h2>
          <button type="button" className="icon-button -mr-1.5" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>,
    document.body,
  )
}
