/** What is on the screen: the rows that Duly has, with the commands that wait laid over them.
 *
 *  A refused command is taken back by leaving it out. */
import { Effects } from './effects'
import { idOf, type State } from './state'
import type { Command } from './types'

export class Overlay extends Effects {
  /** The commands that are laid over the rows. */
  waiting: readonly Command[] = []
  /** Ids of the tasks and lists that are not shown as Duly has them. */
  unsent: ReadonlySet<string> = new Set()

  /** Take up what has changed: the rows of these keys, and the outbox.
   *
   *  One more command costs what it does itself; anything else, what all that wait do. */
  refresh({ rows, outbox }: State, keys: Iterable<string>): void {
    const { waiting } = this
    const names = new Set(keys)
    const isKept = !names.size && waiting.every(({ uuid }, index) => uuid === outbox[index]?.command.uuid)
    if (isKept && waiting.length === outbox.length) return
    if (!isKept) {
      for (const name of this.changed) names.add(name)
      for (const name of names) this.put(name, rows.get(name))
      this.reset()
    }
    this.waiting = outbox.map(({ command }) => command)
    for (const command of this.waiting.slice(isKept ? waiting.length : 0)) this.lay(command)
    this.unsent = new Set([...this.changed].map(idOf))
  }
}
