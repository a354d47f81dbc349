'use client'

import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { onReveal } from '@/lib/focus-row'

const GUESS = 53 // pixels of a row that has not been seen
const AROUND = 1_000 // pixels beyond the screen in which rows are made
const STEP = 8 // rows: smaller changes make nothing anew
const FIRST = 40 // rows that are made before anything was measured

export interface Window {
  /** The rows that are made: from the first of these, up to but not with the second. */
  from: number
  to: number
  /** Pixels in the place of those that are not. */
  before: number
  after: number
}

/** Of thousands of rows only those near the screen are made; others are a gap of their height.
 *
 *  @param list Its rows have `data-id`.
 *  @param isHeld Whether nothing may change now: a row is being dragged. */
export function useWindow(list: RefObject<HTMLElement | null>, ids: readonly string[], isHeld: boolean): Window {
  const [heights] = useState(() => new Map<string, number>())
  const [made, setMade] = useState<Window>({ from: 0, to: FIRST, before: 0, after: 0 })

  const height = (id: string | undefined) => (id && heights.get(id)) || GUESS
  const sum = (some: readonly string[]) => some.reduce((pixels, id) => pixels + height(id), 0)

  /** The rows between two distances from the top of the list, in pixels. */
  function between(top: number, bottom: number): Window {
    let [from, pixels] = [0, 0]
    while (from < ids.length && pixels + height(ids[from]) < top) pixels += height(ids[from++])
    let to = from
    while (to < ids.length && pixels < bottom) pixels += height(ids[to++])
    return exactly(Math.floor(from / STEP) * STEP, Math.min(ids.length, Math.ceil(to / STEP) * STEP))
  }
  const exactly = (from: number, to: number): Window => ({
    ...{ from, to },
    ...{ before: sum(ids.slice(0, from)), after: sum(ids.slice(to)) },
  })
  const change = (next: Window) =>
    setMade((now) => (Object.entries(next).every(([name, value]) => now[name as keyof Window] === value) ? now : next))

  const isRevealing = useRef(false)
  const look = useEffectEvent(() => {
    if (isHeld || isRevealing.current || !list.current) return
    for (const row of list.current.querySelectorAll<HTMLElement>(':scope > [data-id]'))
      heights.set(row.dataset.id!, row.offsetHeight)
    const { top } = list.current.getBoundingClientRect()
    const next = between(-top - AROUND, innerHeight - top + AROUND)
    // Scrolled away with the focus, a row would leave it nowhere.
    const row = document.activeElement?.closest<HTMLElement>('[data-id]')
    const at = row && list.current.contains(row) ? ids.indexOf(row.dataset.id!) : next.from
    if (at >= 0 && (at < next.from || at >= next.to)) document.getElementById('tasks')?.focus({ preventScroll: true })
    change(next)
  })
  /** Somebody wants to be on a row that may be far away. */
  const reveal = useEffectEvent((id: string) => {
    const at = ids.indexOf(id)
    if (at < 0) return
    // It is far from the screen until it has the focus.
    isRevealing.current = true
    flushSync(() => setMade(exactly(Math.max(0, at - STEP), Math.min(ids.length, at + STEP))))
    isRevealing.current = false
  })

  // How high rows are is known once they are laid out.
  useLayoutEffect(() => look())
  useEffect(() => {
    const stop = new AbortController()
    let frame = 0
    const later = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        look()
      })
    }
    addEventListener('scroll', later, { signal: stop.signal, passive: true })
    addEventListener('resize', later, { signal: stop.signal })
    onReveal(reveal, stop.signal)
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [])

  return { ...made, to: Math.min(made.to, ids.length) }
}
