'use client'

import { type PointerEvent as Pointed, type RefObject, useState } from 'react'

interface Drag {
  id: string
  from: number
  to: number
  by: number
  height: number
}

const EDGE = 60 // pixels

/** What scrolls a list, and between which heights of the screen it shows. */
function scrolling(list: Element): { scroller: Element; top: number; bottom: number } {
  const own = list.closest('.overflow-y-auto')
  if (!own) return { scroller: document.scrollingElement!, top: 0, bottom: innerHeight }
  const { top, bottom } = own.getBoundingClientRect()
  return { scroller: own, top, bottom }
}

/** Order by a handle, with mouse, touch or pen. While it is dragged, only `transform` changes; `move` comes at the
 *  end, unless Escape does. Keys and a menu do the same elsewhere: dragging is never the only way (WCAG 2.5.7).
 *
 *  @param list Its children are the rows, in the order of `ids`.
 *  @param move Is given the id and the place where it was let go, counted without it.
 *  @param hold Is told when it begins and when it is over. */
export function useSortable(
  list: RefObject<HTMLElement | null>,
  ids: readonly string[],
  move: (id: string, to: number) => void,
  hold: (isHeld: boolean) => void = () => undefined,
) {
  const [drag, setDrag] = useState<Drag | null>(null)

  function begin(id: string, event: Pointed<HTMLElement>) {
    if (event.button !== 0 || !list.current) return
    const { currentTarget: handle, pointerId, clientY } = event
    const boxes = [...list.current.children].slice(0, ids.length).map((child) => child.getBoundingClientRect())
    const from = ids.indexOf(id)
    const own = boxes[from]
    if (!own) return
    const { scroller, top, bottom } = scrolling(list.current)
    const scrolled = scroller.scrollTop
    let to = from
    handle.setPointerCapture(pointerId)
    hold(true)
    let at = clientY
    const follow = (moved?: PointerEvent) => {
      at = moved?.clientY ?? at
      const by = at - clientY + scroller.scrollTop - scrolled
      const middle = own.top + own.height / 2 + by
      to = boxes.filter((box, index) => index !== from && middle > box.top + box.height / 2).length
      setDrag({ id, from, to, by, height: own.height })
    }
    /** At an edge what scrolls goes on by itself, as far as there are rows. */
    const roll = () => {
      frame = requestAnimationFrame(roll)
      const gone = scroller.scrollTop - scrolled
      const isAbove = boxes[0]!.top - gone < top + EDGE
      const isBelow = boxes.at(-1)!.bottom - gone > bottom - EDGE
      const by = at < top + EDGE && isAbove ? -8 : at > bottom - EDGE && isBelow ? 8 : 0
      if (!by) return
      scroller.scrollTop += by
      follow()
    }
    let frame = requestAnimationFrame(roll)
    const stop = new AbortController()
    const end = (isKept: boolean) => {
      stop.abort()
      cancelAnimationFrame(frame)
      setDrag(null)
      hold(false)
      if (isKept && to !== from) move(id, to)
    }
    const { signal } = stop
    handle.addEventListener('pointermove', follow, { signal })
    handle.addEventListener('pointerup', () => end(true), { signal })
    handle.addEventListener('pointercancel', () => end(false), { signal })
    // Of a row that somebody else takes away meanwhile, only the document hears.
    document.addEventListener('lostpointercapture', () => end(false), { signal })
    addEventListener(
      'keydown',
      (pressed) => {
        if (pressed.key !== 'Escape') return
        pressed.stopPropagation()
        end(false)
      },
      { signal, capture: true },
    )
  }

  /** How far a row is moved out of its place, in pixels. */
  function shift(id: string, index: number): number {
    if (!drag) return 0
    if (id === drag.id) return drag.by
    if (index > drag.from && index <= drag.to) return -drag.height
    return index < drag.from && index >= drag.to ? drag.height : 0
  }

  return { begin, shift, dragged: drag?.id }
}
