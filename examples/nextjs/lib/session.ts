/** Who was signed in here last: known before the network says so, and without it. */
import type { User } from './api'
import { keep, kept } from './device'

const NAME = 'user'

export function lastUser(): User | null {
  try {
    const user: unknown = JSON.parse(kept(NAME) ?? 'null')
    return isUser(user) ? user : null
  } catch {
    return null
  }
}

/** Another version of the application may have kept something else. */
const isUser = (value: unknown): value is User =>
  ['id', 'name', 'email'].every((field) => typeof (value as Record<string, unknown> | null)?.[field] === 'string')

export function remember({ id, name, email }: User): void {
  const text = JSON.stringify({ id, name, email })
  if (kept(NAME) !== text) keep(NAME, text) // other tabs hear of every change
}

/** After signing out nothing of them stays: tasks are gone with their replica. */
export const forget = (): void => keep(NAME, null)
