/** Who was signed in here last: known before the network says so, and without it. */
import type { User } from './api'

const NAME = 'user'

export function lastUser(): User | null {
  const text = localStorage.getItem(NAME)
  return text ? (JSON.parse(text) as User) : null
}

export const remember = ({ id, name, email }: User): void =>
  localStorage.setItem(NAME, JSON.stringify({ id, name, email }))

/** After signing out nothing of them stays: tasks are gone with their replica. */
export const forget = (): void => localStorage.removeItem(NAME)
