/** What is on the screen: the rows that Duly has, with the commands that wait laid over them.
 *
 *  A refused command is taken back by leaving it out. */
import { Effects } from './effects'
import { type State } from './state'
import type { Command, List, Settings, Task } from './types'

export class Overlay {
  tasks: ReadonlyMap<string, Task> = new Map()
  lists: ReadonlyMap<string, List> = new Map()
  settings: Settings | undefined
  /** The commands that are laid over the rows. */
  waiting: readonly Command[] = []
  /** Ids of the tasks and lists that are not shown as Duly has them. */
  unsent: ReadonlySet<string> = new Set()
  private readonly effects: Effects

  constructor(user: string) {
    this.effects = new Effects(user)
  }

  /** Take up what has changed: the rows of these keys, and the outbox.
   *
   *  One more command costs what it does itself; anything else, what all that wait do. */
  refresh({ rows, outbox }: State, keys: Iterable<string>): void {
    const { effects, waiting } = this
    const names = new Set(keys)
    const isKept = !names.size && waiting.every(({ uuid }, index) => uuid === outbox[index]?.command.uuid)
    if (isKept && waiting.length === outbox.length) return
    if (!isKept) {
      for (const name of effects.changed) names.add(name)
      for (const name of names) effects.put(name, rows.get(name))
      effects.reset()
    }
    this.waiting = outbox.map(({ command }) => command)
    for (const command of this.waiting.slice(isKept ? waiting.length : 0)) effects.lay(command)
    this.tasks = effects.tasks.show()
    this.lists = effects.lists.show()
    this.settings = effects.settings
    this.unsent = new Set([...effects.changed].map((name) => name.slice(name.indexOf(':') + 1)))
  }
}
