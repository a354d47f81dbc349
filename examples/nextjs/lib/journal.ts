/** Wishes on their way to the disk. IndexedDB takes milliseconds that a page which is being closed does not have, and
 *  `localStorage` takes none: what is still here is done when the same user opens the page again. */
import type { Wish } from 'duly-client/types'
import { keep, kept, namesOf } from './device'

const prefix = (user: string): string => `wish ${user} `

let count = 0

/** Gives what is to be called when it is on disk. */
export function note(user: string, wish: Wish): () => void {
  const name = `${prefix(user)}${String(Date.now()).padStart(15, '0')} ${String(++count).padStart(9, '0')}`
  // Full or forbidden, only a page that is closed at this very moment loses it.
  keep(name, JSON.stringify(wish))
  return () => keep(name, null)
}

/** Those that a page did not get to the disk, in their order; they are here no more. */
export function takeNoted(user: string): Wish[] {
  return namesOf(prefix(user)).flatMap((name) => {
    const text = kept(name) // another tab may have taken it
    keep(name, null)
    return text ? [JSON.parse(text) as Wish] : []
  })
}
