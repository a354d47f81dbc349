/** The end of a session on this device. */
import type { Replica } from 'duly-client/replica'
import { signOut } from './api'
import { forgetNoted } from './journal'
import { forget, lastUser } from './session'

let isLeaving = false

/** Sign out, leave nothing behind, and go to where one signs in. What waits to be sent is lost.
 *
 *  @param end Ends the session; if it throws, nothing was done.
 *  @param last Is done when no tab speaks with Duly any more. */
export async function leave(replica: Replica, end: () => Promise<unknown> = signOut, last?: () => Promise<void>): Promise<void> {
  await end()
  isLeaving = true
  forgetNoted(lastUser()?.id ?? '')
  // Before other tabs hear of it: it tells them why their replica is closed.
  forget()
  await globalThis.caches?.delete('shell').catch(() => false)
  // Whoever tries again what did not work in the end has none any more.
  if (!replica.snapshot().status.closed) await replica.signOut({ discard: true })
  await last?.()
  location.assign('/sign-in')
}

/** Go where another tab has gone, which signed out. A replica is closed for other reasons too. */
export function follow(): void {
  if (!isLeaving && !lastUser()) location.assign('/sign-in')
}
