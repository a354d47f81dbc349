/** What is done, with what takes it back for a while. */
import type { Replica } from 'duly-client/replica'
import type { Wish } from 'duly-client/types'
import { inverse, rowOf, stillOwn } from './commands'
import { note } from './journal'
import { complain, keepUndo, say } from './toasts'

export type Act = (wishes: Wish | Wish[], said?: string) => Promise<void>

export function doer(replica: Replica, user: string): Act {
  /** Gives what takes it back, as of when that is asked for. */
  async function perform(wishes: Wish[]): Promise<() => Wish[]> {
    const back: (() => Wish[])[] = []
    const noted = wishes.map((wish) => note(user, wish))
    try {
      for (const wish of wishes) back.unshift(await performOne(wish))
    } finally {
      for (const forget of noted) forget()
    }
    return () => back.flatMap((each) => each())
  }

  async function performOne(wish: Wish): Promise<() => Wish[]> {
    const undo = inverse(wish, replica.snapshot())
    const row = () => rowOf(wish, replica.snapshot())
    const uuid = await replica.send(wish)
    let left: ReturnType<typeof row>
    // Duly may write it in another way.
    void replica.outcome(uuid).then(() => (left = row()))
    return () => undo.flatMap((each) => stillOwn(each, left, row()) ?? [])
  }

  async function takeBack(undo: () => Wish[]): Promise<void> {
    const wishes = undo()
    if (!wishes.length) throw new Error('It was changed again since. Its history can take that back.')
    await perform(wishes)
    say('Undone')
  }

  return async function act(wishes, said) {
    try {
      const undo = await perform([wishes].flat())
      const back = undo().length ? () => void takeBack(undo).catch(complain) : undefined
      if (said) say(said, back)
      else if (back) keepUndo(back)
    } catch (error) {
      complain(error)
    }
  }
}
