'use client'

import { useSyncExternalStore } from 'react'
import { createPortal } from 'react-dom'
import { announcement, dismiss, snapshot, subscribe, type Toast } from '@/lib/toasts'
import { focusTop, useTopDialog } from '@/lib/top-layer'
import { Icon } from './icon'

const NONE: readonly Toast[] = []

/** Both regions are there from the beginning, or nothing would be read out; an open dialog has them inside. */
export function Toasts() {
  const toasts = useSyncExternalStore(subscribe, snapshot, () => NONE)
  const announced = useSyncExternalStore(subscribe, announcement, () => '')
  const dialog = useTopDialog()
  const regions = (
    // In the middle of the list, which the sidebar moves; of a sheet above its foot.
    <div className="pointer-events-none fixed right-0 bottom-0 left-0 z-50 flex flex-col items-center gap-2 p-4 pb-[max(1rem,env(safe-area-inset-bottom))] md:not-in-[.sheet]:left-68 in-[.sheet]:bottom-13 sm:in-[.sheet]:left-auto sm:in-[.sheet]:w-120">
      <div role="alert" className="contents">
        {toasts.filter(({ isProblem }) => isProblem).map((toast) => <Line key={toast.key} toast={toast} />)}
      </div>
      <div role="status" className="contents">
        <span className="sr-only">{announced}</span>
        {toasts.filter(({ isProblem, isQuiet }) => !isProblem && !isQuiet).map((toast) => <Line key={toast.key} toast={toast} />)}
      </div>
    </div>
  )
  return dialog ? createPortal(regions, dialog) : regions
}

function Line({ toast: { key, text, isProblem, undo } }: { toast: Toast }) {
  function close(event: React.MouseEvent) {
    if (event.currentTarget === document.activeElement) focusTop()
    dismiss(key)
  }
  return (
    // The mouse leaves the focus where it is, since what it presses here is gone at once.
    <div onMouseDown={(event) => event.preventDefault()} className="pointer-events-auto flex max-w-full min-w-[min(17rem,100%)] flex-wrap items-center justify-end gap-1 rounded-xl border border-line bg-raised py-1 pr-1 pl-4 shadow-lg">
      <span className={`min-w-0 flex-1 basis-32 py-1 wrap-anywhere ${isProblem ? 'text-danger' : ''}`}>{text}</span>
      {undo && (
        <button
          type="button"
          className="button text-accent hover:bg-hover"
          onClick={(event) => {
            close(event)
            undo()
          }}
        >
          Undo
        </button>
      )}
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={close}>
        <Icon name="close" />
      </button>
    </div>
  )
}
