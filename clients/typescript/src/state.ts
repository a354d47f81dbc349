/** What a replica knows, and how it changes: the same in memory, on disk and in every tab. */
import type { Change, Command, Problem } from './types'

/** A command that waits, at its place in the order in which they were given. */
export interface Entry {
  order: number
  command: Command
}

/** A command that Duly refused, kept until somebody has seen why. */
export interface Refused {
  command: Command
  problem: Problem
}

/** A command that has been answered: it leaves the outbox, with a problem for the refused ones. */
export interface Settled extends Entry {
  problem?: Problem
}

/** One step of a replica, which happens as a whole or not at all. */
export interface Delta {
  changes?: Change[]
  /** Keys of rows that are there no more. */
  dropped?: string[]
  /** Where Duly's changes go on; without one, the next answer begins with all there is. */
  cursor?: string | null
  queued?: Command
  settled?: Settled[]
  /** The `uuid` of a refused command that somebody has seen. */
  dismissed?: string
}

export interface State {
  /** The rows that Duly has, by key. */
  rows: Map<string, Change>
  outbox: Entry[]
  refused: Refused[]
  cursor: string | null
  /** How many deltas have led here. */
  step: number
}

export const empty = (): State => ({ rows: new Map(), outbox: [], refused: [], cursor: null, step: 0 })

/** Of a change or a command. A task and a list may have the same id; settings there are once. */
export function key(about: { type: string; id?: string }): string {
  const [noun = ''] = about.type.split('.')
  return noun === 'settings' ? 'settings:' : `${noun}:${about.id}`
}

/** Take one step, in place. */
export function apply(state: State, delta: Delta, step: number): void {
  state.step = step
  for (const change of delta.changes ?? [])
    if (change.deleted) state.rows.delete(key(change))
    else state.rows.set(key(change), change)
  for (const dropped of delta.dropped ?? []) state.rows.delete(dropped)
  if (delta.cursor !== undefined) state.cursor = delta.cursor
  if (delta.queued) state.outbox.push({ order: step, command: delta.queued })
  for (const { order, command, problem } of delta.settled ?? []) {
    state.outbox = state.outbox.filter((entry) => entry.order !== order)
    if (problem) state.refused.push({ command, problem })
  }
  if (delta.dismissed)
    state.refused = state.refused.filter(({ command }) => command.uuid !== delta.dismissed)
}
