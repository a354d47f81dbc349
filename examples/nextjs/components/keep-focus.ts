'use client'

import { type RefObject, useLayoutEffect } from 'react'
import { focusTop } from '@/lib/top-layer'

/** A row that goes while somebody is on it, whoever took it away, leaves them on one beside it. */
export function useKeepFocus(row: RefObject<HTMLElement | null>, fallback: string): void {
  useLayoutEffect(() => {
    const own = row.current
    return () => {
      if (!own?.contains(document.activeElement)) return
      const isRow = own.tagName === 'LI'
      const beside = isRow && (own.nextElementSibling ?? own.previousElementSibling)
      const next = (beside && beside.querySelector<HTMLElement>('a, button')) || document.querySelector<HTMLElement>(fallback)
      next?.focus()
      // What is behind a dialog takes none.
      if (own.contains(document.activeElement)) focusTop()
    }
  }, [row, fallback])
}
