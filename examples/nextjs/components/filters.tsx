'use client'

import { useEffect, useState } from 'react'
import { focusList } from '@/lib/top-layer'
import { current, go, type Sort, SORTS, useView } from '@/lib/view'
import { Icon } from './icon'

const PAUSE = 250 // milliseconds without a letter, after which the address tells
const SORTED: Record<Sort, string> = {
  ...{ manual: 'By hand', due: 'By due date', priority: 'By priority' },
  ...{ title: 'By title', newest: 'Newest first' },
}
const PRIORITIES = ['urgent', 'high', 'medium', 'low', 'none']

/** Search, order and filters: all of it is in the address.
 *
 *  @param scope What a search looks through; empty is everything. */
export function Filters({ scope }: { scope: string }) {
  const view = useView()
  const isChanged = view.sort || view.priority || view.done
  return (
    <div className="flex w-full items-center gap-1 sm:w-auto">
      <Search label={`Search ${scope || 'everything'}`} />
      <button
        type="button"
        className={`icon-button ${isChanged ? 'text-accent' : ''}`}
        aria-label="Order and filters"
        popoverTarget="filters"
        style={{ anchorName: '--filters' } as React.CSSProperties}
      >
        <Icon name="filter" />
      </button>
      <div
        id="filters"
        popover="auto"
        className="m-0 w-64 max-w-[calc(100vw-1rem)] space-y-3 rounded-xl border border-line bg-raised p-4 text-ink shadow-xl"
        style={{ positionAnchor: '--filters', positionArea: 'bottom span-left', positionTryFallbacks: 'flip-inline' } as React.CSSProperties}
      >
        <label className="block">
          <span className="label">Order</span>
          <select
            className="field"
            value={view.sort ?? 'manual'}
            onChange={(event) => go({ ...view, sort: event.target.value === 'manual' ? '' : event.target.value } as never)}
          >
            {SORTS.map((sort) => <option key={sort} value={sort}>{SORTED[sort]}</option>)}
          </select>
        </label>
        <label className="block">
          <span className="label">Priority</span>
          <select
            className="field"
            value={view.priority ?? ''}
            onChange={(event) => go({ ...view, priority: event.target.value })}
          >
            <option value="">Any</option>
            {PRIORITIES.map((each) => <option key={each} value={each}>{`${each[0]!.toUpperCase()}${each.slice(1)}`}</option>)}
          </select>
        </label>
        <label className="flex min-h-9 items-center gap-3 pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={view.done === '1'}
            onChange={(event) => go({ ...view, done: event.target.checked ? '1' : '' } as never)}
          />
          Show what is done
        </label>
      </div>
    </div>
  )
}

/** From the inbox everywhere, while there are words in it; of a list, a tag or a view in what that has. */
function Search({ label }: { label: string }) {
  const view = useView()
  const [text, setText] = useState(view.q ?? '')
  const [told, setTold] = useState(view.q ?? '')
  // By the address, and not by what is typed here: somebody went back, or to another list.
  if ((view.q ?? '') !== told) {
    setTold(view.q ?? '')
    if ((view.q ?? '') !== text.trim()) setText(view.q ?? '')
  }
  useEffect(() => {
    const timer = setTimeout(() => tell(text), PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <div className="relative flex-1 sm:flex-none" role="search">
      <Icon name="search" className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-soft" />
      <label htmlFor="search" className="sr-only">{label}</label>
      <input
        id="search"
        type="search"
        className="min-h-9 w-full rounded-lg border border-line bg-surface py-1 pr-2 pl-8 text-ellipsis sm:w-44 sm:focus:w-56 pointer-coarse:min-h-11"
        placeholder={label}
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || (event.key !== 'Escape' && event.key !== 'Enter')) return
          const wanted = event.key === 'Enter' ? text : ''
          setText(wanted)
          tell(wanted)
          requestAnimationFrame(focusList) // what was found is there by then
        }}
      />
    </div>
  )
}

function tell(text: string): void {
  const now = current()
  if ((now.q ?? '') !== text.trim()) go({ ...now, q: text.trim() }, { replace: Boolean(now.q) })
}
