'use client'

import { useEffect, useEffectEvent } from 'react'
import { addDays, following, now } from '@/lib/dates'
import { focusRow } from '@/lib/focus-row'
import { type Keys, listen } from '@/lib/keys'
import { undoLatest } from '@/lib/toasts'
import type { RowActions } from './row-actions'

const PRIORITIES = { 1: 'urgent', 2: 'high', 3: 'medium', 4: 'low', 0: 'none' } as const

/** The keys of lib/shortcuts.ts, for the row that has the focus, or had it last. */
export function useListKeys(ids: string[], current: string | null, actions: RowActions): void {
  const keys = useEffectEvent((): Keys => {
    const at = current ? ids.indexOf(current) : -1
    const focus = (index: number) => {
      const id = ids[Math.max(0, Math.min(ids.length - 1, index))]
      if (id) focusRow(id)
    }
    const on = (act: (id: string) => void) => () => {
      const id = ids[at]
      if (id) act(id)
    }
    /** The row goes away, so the focus goes to the one that comes in its place. */
    const onAndNext = (act: (id: string) => void) => on((id) => {
      const next = ids[at + 1] ?? ids[at - 1]
      act(id)
      if (next) focusRow(next)
    })
    const { day } = now()
    const down = () => focus(at + 1)
    const up = () => focus(at < 0 ? 0 : at - 1)
    const later = on((id) => actions.due(id, addDays(day, 1), 'Due tomorrow'))
    return {
      ...{ j: down, ArrowDown: down, k: up, ArrowUp: up, Home: () => focus(0), End: () => focus(ids.length - 1) },
      ...{ x: onAndNext(actions.tick), e: on(actions.edit), o: on(actions.open) },
      ...{ t: on((id) => actions.due(id, day, 'Due today')), m: later },
      w: on((id) => actions.due(id, following(day, 1), 'Due next Monday')),
      d: on((id) => actions.due(id, null, 'Without a date')),
      ...{ Delete: onAndNext(actions.remove), Backspace: onAndNext(actions.remove) },
      ...{ 'Alt+ArrowUp': on((id) => actions.move(id, -1)), 'Alt+ArrowDown': on((id) => actions.move(id, 1)) },
      ...{ 'Alt+ArrowRight': on(actions.nest), 'Alt+ArrowLeft': on(actions.outdent) },
      'Control+z': () => void undoLatest(),
      ...Object.fromEntries(
        Object.entries(PRIORITIES).map(([key, priority]) => [key, on((id) => actions.prioritise(id, priority))]),
      ),
      ...{ n: entry, q: entry, '/': () => document.getElementById('search')?.focus() },
    }
  })
  useEffect(() => listen(keys), [])
}

const entry = () => document.getElementById('quick-add')?.focus()
