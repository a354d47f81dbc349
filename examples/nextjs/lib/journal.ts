/** Wishes on their way to the disk. IndexedDB takes milliseconds that a page which is being closed does not have, and
 *  `localStorage` takes none: what a page leaves here is done by the next one of the same user.
 *
 *  Each page holds a Web Lock as long as it lives, and its notes have the name of it: nobody takes those of a page
 *  that does by itself what it has noted. */
import type { Wish } from 'duly-client/types'
import { keep, kept, namesOf } from './device'

const prefix = (user: string): string => `wish ${user} `

let page: string | undefined
let count = 0

/** The lock of this page, which the browser takes from it in the end. */
function ownLock(): string {
  if (!page) {
    page = crypto.randomUUID()
    navigator.locks?.request(page, () => new Promise(() => undefined)).catch(() => undefined)
  }
  return page
}

/** Gives what is to be called when it is on disk. */
export function note(user: string, wish: Wish): () => void {
  const name = `${prefix(user)}${ownLock()} ${String(++count).padStart(9, '0')}`
  // Full or forbidden, only a page that is closed at this very moment loses it.
  keep(name, JSON.stringify(wish))
  return () => keep(name, null)
}

/** Those that other pages did not get to the disk, in the order of each; they are here no more. Of a page that is
 *  still there, once it is gone. */
export function takeNoted(user: string, take: (wish: Wish) => void, signal: AbortSignal): void {
  const pages = new Set(namesOf(prefix(user)).map((name) => name.slice(prefix(user).length).split(' ')[0]!))
  pages.delete(ownLock())
  for (const each of pages)
    navigator.locks?.request(each, { signal }, () => taken(`${prefix(user)}${each} `).forEach(take)).catch(() => undefined)
}

/** Nobody does them any more. */
export const forgetNoted = (user: string): void => void taken(prefix(user))

function taken(begin: string): Wish[] {
  return namesOf(begin).flatMap((name) => {
    const text = kept(name)
    keep(name, null)
    return text ? [JSON.parse(text) as Wish] : []
  })
}
