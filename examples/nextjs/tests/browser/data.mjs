/** Tasks and lists that are there before a test begins, put in as another device would. */
import { call, tokenOf } from './browser.mjs'

const MOST = 100 // commands that Duly takes at once
const DAY = 86_400_000 // milliseconds
let count = 0

/** UUIDv7; later ones are greater. */
export function newId() {
  const hex = (Date.now() * 4096 + (++count % 4096)).toString(16).padStart(15, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(12)}-8${crypto.randomUUID().slice(20)}`
}

/** A day as Duly writes it, so many days from today. */
export const day = (away) => new Date(Date.now() + away * DAY).toISOString().slice(0, 10)

export const list = (name, color) => ({ type: 'list.create', id: newId(), name, color })
export const task = (title, fields = {}) => ({ type: 'task.create', id: newId(), title, ...fields })

/** Do all of it for whoever is signed in, in this order. */
export async function put(page, wishes) {
  const token = await tokenOf(page)
  for (let at = 0; at < wishes.length; at += MOST) {
    const commands = wishes.slice(at, at + MOST).map((wish) => ({ uuid: crypto.randomUUID(), ...wish }))
    const { results } = await call(token, 'POST', '/api/sync', { since: null, commands })
    const refused = results.find(({ status }) => status >= 400)
    if (refused) throw new Error(JSON.stringify(refused))
  }
}
