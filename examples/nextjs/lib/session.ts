/** Who was signed in here last: known before the network says so, and without it. */
import type { User } from './api'
import { keep, kept } from './device'

const NAME = 'user'

export function lastUser(): User | null {
  try {
    return JSON.parse(kept(NAME) ?? 'null') as User | null
  } catch {
    return null
  }
}

export function remember({ id, name, email }: User): void {
  const text = JSON.stringify({ id, name, email })
  if (kept(NAME) !== text) keep(NAME, text) // other tabs hear of every change
}

/** After signing out nothing of them stays: tasks are gone with their replica. */
export const forget = (): void => keep(NAME, null)
