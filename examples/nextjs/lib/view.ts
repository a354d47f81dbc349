/** What the page shows is in its address: it can be linked to, and back works. */
import { useSyncExternalStore } from 'react'

export const SORTS = ['manual', 'due', 'priority', 'title', 'newest'] as const
export type Sort = (typeof SORTS)[number]

export const VIEWS = ['today', 'upcoming', 'all', 'trash'] as const

export interface View {
  /** The id of a list. With none of these three it is the inbox. */
  list?: string
  tag?: string
  view?: (typeof VIEWS)[number]
  q?: string
  priority?: string
  sort?: Sort
  /** Whether what is done shows as well. */
  done?: '1'
  /** The id of the task whose details are open. */
  task?: string
}

const CHANGED = 'view-changed'

const subscribe = (listener: () => void) => {
  const stop = new AbortController()
  for (const event of ['popstate', CHANGED]) addEventListener(event, listener, { signal: stop.signal })
  return () => stop.abort()
}

export const address = (view: View): string => {
  const query = new URLSearchParams(Object.entries(view).filter(([, value]) => value)).toString()
  return query ? `/tasks?${query}` : '/tasks'
}

/** Without a request: the page is the same one for all of them. */
export function go(view: View, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', address(view))
  dispatchEvent(new Event(CHANGED))
}

/** Anybody can write an address: what means nothing is left out. */
export function current(search = location.search): View {
  const known: Record<string, readonly string[]> = { view: VIEWS, sort: SORTS }
  const isMeant = ([name, value]: [string, string]) => !Object.hasOwn(known, name) || known[name]!.includes(value)
  return Object.fromEntries([...new URLSearchParams(search)].filter(isMeant))
}

export function useView(): View {
  return current(useSyncExternalStore(subscribe, () => location.search, () => ''))
}
