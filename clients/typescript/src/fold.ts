/** Edits of one thing that wait are sent as one, if that comes to the same. */
import { fieldsOf } from './effects'
import { newId } from './ids'
import { type Entry, key } from './state'
import type { Change, Command } from './types'

/** Of an update, what does more than to put a value in the place of another one. */
const MORE = ['list_id', 'parent_id', 'completed', 'add_tags', 'remove_tags']

/** The outbox with as few commands as do the same; what has been on its way stays as it is. */
export function folded(outbox: readonly Entry[], rows: ReadonlyMap<string, Change>): Entry[] {
  const entries: Entry[] = []
  const latest = new Map<string, number>()
  const recurring = new Set<string>()
  // The last ones that may change other things: their completion, or whether they can be changed.
  let [tree, trash] = [-1, -1]
  for (const entry of outbox) {
    const { command } = entry
    const name = key(command)
    const index = latest.get(name) ?? -1
    const before = entries[index]
    const isCompletion = command.type === 'task.complete'
    const isTick = isCompletion && isOnce(rows.get(name)) && !recurring.has(name) && index >= tree
    if (before && !before.sent && !entry.sent && (isCompletion ? isTick : index >= trash)) {
      const together = merged(before.command, command)
      if (together) {
        entries[index] = { ...before, command: together, parts: [...(before.parts ?? [before]), entry] }
        continue
      }
    }
    latest.set(name, entries.push(entry) - 1)
    if (/delete|restore/.test(command.type)) trash = entries.length - 1
    if (command.type.startsWith('task') && !isPlain(command)) tree = entries.length - 1
    if ('recurrence' in command) recurring.add(name)
  }
  return entries
}

/** A command that does the same as two, one right after the other. */
function merged(one: Command, other: Command): Command | undefined {
  const isSame = one.type === other.type || one.type === other.type.replace('update', 'create')
  const isTwice = one.type === 'task.complete' && !('occurrence' in { ...one, ...other })
  if (!isSame || !(isTwice || isPlain(other)) || !(isTwice || one.type.endsWith('create') || isPlain(one))) return
  return { ...one, ...fieldsOf(other), uuid: newId() } as Command
}

const isPlain = (command: Command): boolean =>
  command.type.endsWith('update') && !MORE.some((name) => name in command)

/** A known task without a rule of recurrence: the others go on to their next occurrence. */
const isOnce = (row: Change | undefined): boolean => row?.type === 'task' && row.data?.recurrence === null
