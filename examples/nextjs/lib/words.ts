/** Numbers and commands, in words. */
import type { Command } from 'duly-client/types'
import type { Rows } from './select'

/** `1 change`, `3 changes`. */
export const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

const VERBS: Record<string, string> = {
  create: 'Add',
  update: 'Change',
  complete: 'Complete',
  move: 'Move',
  delete: 'Delete',
  restore: 'Restore',
}

/** What somebody wanted, and with what: `Move`, `Buy milk`. */
export function wordsOf(command: Command, { tasks, lists }: Rows): { verb: string; what: string } {
  if (command.type === 'settings.update') return { verb: 'Set the time zone to', what: command.time_zone }
  const [noun = '', action = ''] = command.type.split('.')
  const isReopened = command.type === 'task.complete' && command.completed === false
  const verb = isReopened ? 'Reopen' : (VERBS[action] ?? 'Change')
  const [wanted, known] =
    noun === 'list'
      ? ['name' in command ? command.name : undefined, lists.get(command.id)?.name]
      : ['title' in command ? command.title : undefined, tasks.get(command.id)?.title]
  return { verb: noun === 'list' ? `${verb} the list` : verb, what: wanted ?? known ?? `a ${noun} that is gone` }
}
