/** A replica of one user's lists and tasks that works offline, the same in all tabs of a browser. */
import type { Connection } from './calls'
import { newId } from './ids'
import { Leader, type Shared } from './leader'
import { Overlay } from './overlay'
import { apply, type Delta, empty, key, type Refused, type State } from './state'
import { nowhere, open, remove, type Store } from './store'
import type { Command, List, Problem, Settings, Task, Wish } from './types'

const PATIENCE = 100 // milliseconds that steps of two tabs may come in another order

export interface Status {
  /** Whether all rows have been here once. */
  ready: boolean
  online: boolean
  /** Whether this tab is the one that speaks with Duly. */
  leader: boolean
  /** Whether it is kept when the browser ends; if not, there was no room or no right. */
  stored: boolean
  /** Whether the user has to sign in again; what waits is kept. */
  signedOut: boolean
  /** Whether the replica is at its end: signed out here, or closed. */
  closed: boolean
  /** How many commands wait to be sent. */
  pending: number
}

/** What is on the screen. Each change makes another one; maps that did not change stay the same. */
export interface Snapshot {
  readonly tasks: ReadonlyMap<string, Task>
  readonly lists: ReadonlyMap<string, List>
  readonly settings: Settings | undefined
  /** Commands that Duly refused, until `dismiss`. */
  readonly refused: readonly Refused[]
  /** Commands that wait, in their order. */
  readonly waiting: readonly Command[]
  /** Ids of the tasks and lists that they change: what is shown of these Duly has not said yet. */
  readonly unsent: ReadonlySet<string>
  readonly status: Status
}

/** What is not sent yet would be lost. */
export class Unsent extends Error {}

type Told =
  | { step: number; delta: Delta }
  | { status: Partial<Status> }
  | { say: 'hello' | 'soon' | 'retry' | 'gone' }

export class Replica {
  private readonly name: string
  private readonly channel: BroadcastChannel
  private readonly stop = new AbortController()
  private overlay: Overlay
  private readonly listeners = new Set<() => void>()
  private readonly asked = new Map<string, (problem: Problem | undefined) => void>()
  /** Steps whose predecessors are not here yet. */
  private readonly early = new Map<number, Delta>()
  private state: State = empty()
  private store: Store = nowhere(0)
  private leader: Leader | undefined
  private isLoading = true
  private isExpecting = false
  private yieldLead = () => {}
  private current: Snapshot

  /** Show what is here, and begin to follow what Duly has. */
  static async open(connection: Connection): Promise<Replica> {
    const replica = new Replica(connection)
    await replica.start()
    return replica
  }

  private constructor(private readonly connection: Connection) {
    this.name = `duly ${connection.url} ${connection.user}`
    this.overlay = new Overlay(connection.user)
    this.channel = new BroadcastChannel(this.name)
    this.current = this.look({
      ...{ ready: false, online: true, leader: false, stored: true },
      ...{ signedOut: false, closed: false, pending: 0 },
    })
  }

  /** The same object until something changes; with `subscribe`, for `useSyncExternalStore`. */
  snapshot = (): Snapshot => this.current

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Keep a command and show what it does; gives its `uuid`. It is sent when it can be. */
  async send(wish: Wish): Promise<string> {
    const uuid = newId()
    const base_version = this.state.rows.get(key(wish))?.version ?? null
    this.tell({ say: 'soon' })
    await this.commit({ queued: { ...wish, uuid, base_version } })
    return uuid
  }

  /** What Duly says about a command once it has been sent: a problem if it was refused. */
  outcome(uuid: string): Promise<Problem | undefined> {
    return new Promise((resolve) => {
      this.asked.set(uuid, resolve)
      this.answer()
    })
  }

  /** Forget a refused command. To try again, send it. */
  dismiss(uuid: string): Promise<void> {
    return this.commit({ dismissed: uuid })
  }

  /** Try now: somebody signed in again, or does not want to wait. */
  retry(): void {
    this.tell({ say: 'retry' })
    this.leader?.work(true)
  }

  /** Leave nothing behind, in no tab.
   *
   *  @throws Unsent when commands wait that nobody decided to discard. */
  async signOut({ discard = false } = {}): Promise<void> {
    if (!discard && this.state.outbox.length) throw new Unsent()
    this.tell({ say: 'gone' })
    this.close()
    await remove(this.name).catch(() => undefined)
  }

  /** Stop. What is kept stays for the next time. */
  close(): void {
    if (this.stop.signal.aborted) return
    this.stop.abort()
    this.channel.close()
    this.store.close()
    this.begin(empty())
    this.show({ closed: true, leader: false })
  }

  private async start(): Promise<void> {
    this.channel.onmessage = ({ data }: MessageEvent<Told>) => this.hear(data)
    addEventListener('online', () => this.leader?.work(true), { signal: this.stop.signal })
    if (!navigator.locks) return this.alone() // two tabs could not tell which of them speaks
    try {
      this.store = await open(this.name, () => this.alone())
      await this.load()
    } catch {
      return this.alone()
    }
    if (this.stop.signal.aborted) return
    this.tell({ say: 'hello' })
    const signal = this.stop.signal
    navigator.locks.request(this.name, { signal }, () => this.lead()).catch(() => undefined)
  }

  /** Begin, or begin again, with what the store has. */
  private async load(): Promise<void> {
    this.isLoading = true
    const found = await this.store.load()
    if (this.stop.signal.aborted) return // signed out meanwhile: nothing of it is to be seen again
    this.isLoading = false
    for (const step of this.early.keys()) if (step <= found.step) this.early.delete(step)
    if (found.step >= this.state.step) this.begin(found) // another one may have read more meanwhile
    this.drain()
  }

  private begin(state: State): void {
    this.state = state
    this.overlay = new Overlay(this.connection.user)
    this.overlay.refresh(state, state.rows.keys())
  }

  /** Read what was missed, if something was. */
  private async catchUp(): Promise<void> {
    try {
      if ((await this.store.step()) > this.state.step) await this.load()
    } catch {
      this.alone()
    }
  }

  private async lead(): Promise<void> {
    if (this.stop.signal.aborted) return
    const yielded = new Promise<void>((resolve) => (this.yieldLead = resolve))
    if (this.current.status.stored) await this.catchUp() // the leader before may have said its last unheard
    if (this.stop.signal.aborted || this.leader) return
    const shared: Shared = {
      state: () => this.state,
      commit: (delta) => this.commit(delta),
      say: (status) => this.announce(status),
    }
    this.leader = new Leader(shared, this.connection, this.stop.signal)
    this.announce({ leader: true })
    await Promise.race([this.leader.run(), yielded])
  }

  /** Go on in memory: other tabs have their own way to Duly from here on. */
  private alone(): void {
    if (this.stop.signal.aborted || !this.current.status.stored) return
    this.store.close()
    this.store = nowhere(this.state.step)
    this.isLoading = false
    // Of these the other tabs know, and may send them as they are.
    this.state.outbox = this.state.outbox.map((entry) => ({ ...entry, sent: true }))
    this.show({ stored: false })
    this.yieldLead()
    if (!this.leader) void this.lead()
  }

  private async commit(delta: Delta): Promise<void> {
    let step: number
    try {
      step = await this.store.write(delta)
    } catch {
      if (this.stop.signal.aborted) return
      this.alone()
      step = await this.store.write(delta)
    }
    if (this.stop.signal.aborted) return
    this.tell({ step, delta })
    this.step(step, delta)
  }

  private announce({ leader, ...status }: Partial<Status>): void {
    const { online, signedOut } = { ...this.current.status, ...status }
    this.tell({ status: { online, signedOut } })
    this.show(leader === undefined ? status : { ...status, leader })
  }

  private tell(told: Told): void {
    // Alone, only that it is over concerns others.
    if (this.current.status.stored || 'say' in told) this.channel.postMessage(told)
  }

  private hear(told: Told): void {
    const { stored, leader } = this.current.status
    if ('say' in told) {
      if (told.say === 'gone') this.close()
      if (told.say === 'soon') this.expect()
      if (told.say === 'retry') this.leader?.work(true)
      if (told.say === 'hello' && leader) this.announce({})
    } else if (stored && 'step' in told) this.step(told.step, told.delta)
    else if (stored && 'status' in told) this.show(told.status)
  }

  /** Messages of two tabs may come in another order than their steps were taken in. */
  private step(step: number, delta: Delta): void {
    if (this.isLoading || step > this.state.step) this.early.set(step, delta)
    this.drain()
  }

  private drain(): void {
    if (this.isLoading) return
    const keys = new Set<string>()
    for (let delta; (delta = this.early.get(this.state.step + 1)); ) {
      this.early.delete(this.state.step + 1)
      apply(this.state, delta, this.state.step + 1)
      for (const change of delta.changes ?? []) keys.add(key(change))
      for (const dropped of delta.dropped ?? []) keys.add(dropped)
    }
    this.overlay.refresh(this.state, keys)
    this.show()
    if (this.state.outbox.length) this.leader?.work()
    if (this.early.size) this.expect()
  }

  /** A step was announced, or its successor is here: if it does not come, its tab is gone. */
  private expect(): void {
    if (this.isExpecting) return
    this.isExpecting = true
    setTimeout(async () => {
      this.isExpecting = false
      if (!this.stop.signal.aborted && !this.isLoading) await this.catchUp()
    }, PATIENCE)
  }

  /** Show what is different, if anything is. */
  private show(status: Partial<Status> = {}): void {
    this.answer()
    const before = this.current
    const now = this.look({ ...before.status, ...status })
    if (!isSame(now.status, before.status) || !isSame({ ...now, status: 0 }, { ...before, status: 0 })) {
      this.current = now
      for (const listener of this.listeners) listener()
    }
  }

  private look(status: Status): Snapshot {
    const { tasks, lists, settings, waiting, unsent } = this.overlay
    const { refused, cursor } = this.state
    const ready = cursor !== null || status.ready
    const now = { ...status, ready, pending: waiting.length }
    return { tasks: tasks.show(), lists: lists.show(), settings, refused, waiting, unsent, status: now }
  }

  /** Tell those who asked what became of commands that do not wait any more. */
  private answer(): void {
    if (this.stop.signal.aborted || !this.asked.size) return
    const waiting = this.state.outbox.flatMap(({ command, parts = [] }) => [{ command }, ...parts])
    const uuids = new Set(waiting.map(({ command }) => command.uuid))
    for (const [uuid, resolve] of this.asked) {
      if (uuids.has(uuid)) continue
      this.asked.delete(uuid)
      resolve(this.state.refused.find(({ command }) => command.uuid === uuid)?.problem)
    }
  }
}

const isSame = <T extends object>(one: T, other: T): boolean =>
  (Object.keys(one) as (keyof T)[]).every((name) => Object.is(one[name], other[name]))
