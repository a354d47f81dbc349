/** What a replica knows, and how it changes: the same in memory, on disk and in every tab. */
import type { Change, Command, Problem } from './types'

/** A command that waits, at its place in the order in which they were given. */
export interface Entry {
  order: number
  command: Command
  /** Whether it has been on its way to Duly: then it is sent again as it is, until it is answered. */
  sent?: boolean
  /** Those in whose place it is, if it does what several of them did. */
  parts?: Entry[]
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
  /** Entries that take the places of those of their order, and of their parts. */
  placed?: Entry[]
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

export const idOf = (key: string): string => key.slice(key.indexOf(':') + 1)

/** Take one step, in place. */
export function apply(state: State, delta: Delta, step: number): void {
  state.step = step
  for (const change of delta.changes ?? [])
    if (change.deleted) state.rows.delete(key(change))
    else state.rows.set(key(change), change)
  for (const dropped of delta.dropped ?? []) state.rows.delete(dropped)
  if (delta.cursor !== undefined) state.cursor = delta.cursor
  if (delta.queued) state.outbox = [...state.outbox, { order: step, command: delta.queued }]
  if (delta.placed) state.outbox = placed(state.outbox, delta.placed)
  for (const { order, command, problem } of delta.settled ?? []) {
    state.outbox = state.outbox.filter((entry) => entry.order !== order)
    if (problem) state.refused = [...state.refused, { command, problem }]
  }
  if (delta.dismissed)
    state.refused = state.refused.filter(({ command }) => command.uuid !== delta.dismissed)
}

function placed(outbox: Entry[], replaced: Entry[]): Entry[] {
  const entries = new Map(outbox.map((entry) => [entry.order, entry]))
  for (const entry of replaced) {
    for (const { order } of entry.parts ?? []) entries.delete(order)
    entries.set(entry.order, entry)
  }
  return [...entries.values()].sort((one, other) => one.order - other.order)
}

/** What becomes of commands that were answered. One that stood for several and was refused is taken
 *  apart, since some of them may be good. */
export function settle(answered: Settled[]): Delta {
  const isApart = ({ problem, parts }: Settled) => problem && parts
  const parts = answered.flatMap((entry) => (isApart(entry) ? (entry.parts ?? []) : []))
  return {
    settled: answered.filter((entry) => !isApart(entry)),
    placed: parts.map((entry) => ({ ...entry, sent: true })),
  }
}
