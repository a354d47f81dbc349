/** Wishes on their way to the disk. IndexedDB takes milliseconds that a page which is being closed does not have, and
 *  `localStorage` takes none: what is still here is done when the same user opens the page again. */
import type { Wish } from 'duly-client/types'

const prefix = (user: string): string => `wish ${user} `

let count = 0

/** Gives what is to be called when it is on disk. */
export function note(user: string, wish: Wish): () => void {
  const name = `${prefix(user)}${String(Date.now()).padStart(15, '0')} ${++count}`
  try {
    localStorage.setItem(name, JSON.stringify(wish))
  } catch {
    // Full or forbidden: then only a page that is closed at this very moment loses it.
  }
  return () => localStorage.removeItem(name)
}

/** Those that a page did not get to the disk, in their order; they are here no more. */
export function takeNoted(user: string): Wish[] {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix(user))).sort()
  return names.map((name) => {
    const wish = JSON.parse(localStorage.getItem(name) ?? '') as Wish
    localStorage.removeItem(name)
    return wish
  })
}
