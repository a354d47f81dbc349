/** The one tab that speaks with Duly: it sends what waits, and follows what changes. */
import { Calls, type Connection, Failed, SignedOut } from './calls'
import { folded } from './fold'
import { type Delta, type Entry, key, settle, type Settled, type State } from './state'
import { type Message, messages } from './stream'
import type { Change, Changes, Problem, Result } from './types'

const MOST_COMMANDS = 100
const MOST_CHARACTERS = 15_000 // of the commands of a request, which may have 64 KiB
const MOST_CHANGES = 1_000
const HEARTBEAT = 15 // seconds, until Duly says another number
const GRACE = 15_000 // milliseconds that a heartbeat may be late; without two, a stream is dead
const PAUSES = [500, 30_000] as const // milliseconds after the first failure, and at most
const LONG = 2 ** 31 - 1 // milliseconds; the longest timer
/** What a request can be answered with that will never be acceptable. */
const UNACCEPTABLE = [400, 413, 422]
/** What a command can be answered with that may do better later; besides whatever is over 499. */
const UNDECIDED = [408, 425, 429]

/** What all tabs share. */
export interface Shared {
  state(): State
  commit(delta: Delta): Promise<void>
  say(status: { online?: boolean; signedOut?: boolean }): void
}

export class Leader {
  private cursor: string | null
  /** Of all that came, gone for good or not: an answer that was overtaken must not undo it. */
  private readonly versions = new Map<string, number>()
  private taking = Promise.resolve()
  /** How often all was asked for anew: answers to what was asked before say nothing any more. */
  private beginnings = 0
  /** Whether nothing has come for what was sent the last time, by this tab or by the one before. */
  private isUnanswered = true
  private stream = new AbortController()
  /** Who sleeps, and whether for want of work. */
  private readonly sleepers = new Map<() => void, boolean>()
  private readonly calls: Calls

  constructor(
    private readonly shared: Shared,
    connection: Connection,
    private readonly stop: AbortSignal,
  ) {
    this.calls = new Calls(connection, stop)
    const { cursor, rows } = shared.state()
    this.cursor = cursor
    for (const [name, { version }] of rows) this.versions.set(name, version)
    stop.addEventListener('abort', () => this.work(true))
  }

  /** Until told to stop. Neither waits for the other: what is sent may hang. */
  async run(): Promise<void> {
    await Promise.all([this.repeat(() => this.push()), this.repeat(() => this.follow())])
  }

  /** There is something to send, or it is to be tried now what did not work before. */
  work(isRetried = false): void {
    for (const [wake, isIdle] of [...this.sleepers]) if (isRetried || isIdle) wake()
  }

  private async repeat(work: () => Promise<void>): Promise<void> {
    for (let failures = 0; !this.stop.aborted; ) {
      try {
        await work()
        failures = 0
      } catch (error) {
        if (this.stop.aborted) return
        // Whoever was away may have been signed out, with a token that is good for a while.
        if (!failures && !(error instanceof Failed)) this.calls.renew()
        const isSignedOut = error instanceof SignedOut
        const { pause, isQuiet } = error instanceof Failed ? error : new Failed()
        if (isSignedOut) this.shared.say({ signedOut: true })
        else if (!isQuiet) this.shared.say({ online: false })
        const backoff = Math.min(PAUSES[1], PAUSES[0] * 2 ** failures++) * (0.5 + Math.random())
        await this.sleep(isSignedOut ? LONG : Math.max(backoff, pause))
      }
    }
  }

  private sleep(milliseconds: number, isIdle = false): Promise<void> {
    if (this.stop.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      this.sleepers.set(wake, isIdle)
    })
  }

  /** Send what waits, at most so many commands at once: of fewer when one of them is no good. */
  private async push(most = MOST_COMMANDS): Promise<void> {
    const { cursor, beginnings: began } = this
    const entries = batch(this.waiting(), most)
    if (!entries.length || cursor === null) return this.sleep(LONG, true)
    const leaving = entries.filter(({ sent }) => !sent).map((entry) => ({ ...entry, sent: true }))
    if (leaving.length) await this.take([], { placed: leaving })
    const commands = entries.map(({ command }) => command)
    this.isUnanswered = true
    const response = await this.calls.post('/sync', { since: cursor, commands })
    this.isUnanswered = false
    if (response.status === 410) return this.begin(began)
    if (UNACCEPTABLE.includes(response.status)) {
      if (entries.length > 1) return this.push(Math.ceil(entries.length / 2))
      const problem = await problemOf(response)
      return this.take([], settle(entries.map((entry) => ({ ...entry, problem }))))
    }
    const answer = await this.calls.read<Changes & { results: Result[] }>(response)
    this.shared.say({ online: true, signedOut: false })
    const { answered, bodies } = judge(entries, answer.results)
    const delta = settle(answered)
    if (began !== this.beginnings) await this.take([], delta)
    else await this.take([...bodies, ...answer.changes], { ...delta, cursor: answer.cursor })
    if (answered.length < entries.length) throw new Failed(0, true)
  }

  /** What is to be sent. Nothing more goes along with what got no answer: so that, while offline,
   *  all that is done meanwhile can be folded. */
  private waiting(): readonly Entry[] {
    const { outbox, rows } = this.shared.state()
    const again = this.isUnanswered ? outbox.filter(({ sent }) => sent) : []
    return again.length ? again : folded(outbox, rows)
  }

  private async follow(): Promise<void> {
    await this.pull()
    this.shared.say({ online: true, signedOut: false })
    this.work() // which may have waited for a cursor
    await this.listen()
    await this.sleep(PAUSES[0] * Math.random())
  }

  /** Get what has changed; without a cursor all there is, and forget what is not in it. */
  private async pull(): Promise<void> {
    const isWhole = this.cursor === null
    const gone = new Set(isWhole ? this.versions.keys() : [])
    if (isWhole) this.versions.clear()
    for (let since = this.cursor, more = true; more; ) {
      const from = since ? `&since=${encodeURIComponent(since)}` : ''
      const response = await this.calls.call(`/changes?limit=${MOST_CHANGES}${from}`)
      if (response.status === 410 && !isWhole) {
        await this.begin(this.beginnings)
        return this.pull()
      }
      const answer = await this.calls.read<Changes>(response)
      ;({ cursor: since, more } = answer)
      for (const change of answer.changes) gone.delete(key(change))
      // Only at the end is a cursor one of all rows.
      const rest = isWhole ? (more ? {} : { dropped: [...gone], cursor: since }) : { cursor: since }
      await this.take(answer.changes, rest)
    }
  }

  private async listen(): Promise<void> {
    this.stream = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let [pieces, heartbeat] = [0, HEARTBEAT]
    const live = () => {
      clearTimeout(timer)
      timer = setTimeout(() => this.stream.abort(), 2_000 * heartbeat + GRACE)
    }
    live()
    try {
      const body = await this.calls.stream('/events', this.cursor ?? '', this.stream.signal)
      for await (const together of messages(body)) {
        pieces++
        heartbeat = together.find((message) => message.heartbeat)?.heartbeat ?? heartbeat
        live()
        if (together.length) await this.hear(together)
      }
    } catch (error) {
      if (error instanceof SignedOut) throw error
    } finally {
      clearTimeout(timer)
      this.stream.abort()
    }
    // Whether Duly can be reached is for `pull` to say.
    if (!pieces) throw new Failed(0, true)
  }

  private async hear(together: Message[]): Promise<void> {
    const news = together.filter(({ event }) => event === 'change')
    // Of what there is at the beginning, only the last one says where to go on.
    const cursor = together.filter(({ id }) => id).at(-1)?.id ?? this.cursor
    if (news.length || cursor !== this.cursor)
      await this.take(news.map(({ data }) => JSON.parse(data) as Change), { cursor })
    for (const { event, data } of together) {
      if (event === 'reset') await this.begin(this.beginnings)
      if (event === 'end' && data.includes('token')) this.calls.renew()
    }
  }

  /** Duly does not remember as far back as the cursor: all is asked for anew, what waits stays. */
  private async begin(began: number): Promise<void> {
    if (began !== this.beginnings) return
    this.beginnings++
    this.cursor = null
    this.calls.renew() // the account may be gone: then there is no token any more
    this.stream.abort()
    await this.take([], { cursor: null })
  }

  /** One after the other, or two answers could each take the other's older rows for newer. */
  private take(changes: Change[], rest: Delta): Promise<void> {
    const work = async () => {
      const newer = changes.filter((change) => {
        const isNewer = change.version > (this.versions.get(key(change)) ?? -1)
        if (isNewer) this.versions.set(key(change), change.version)
        return isNewer
      })
      if (rest.cursor !== undefined) this.cursor = rest.cursor
      await this.shared.commit({ ...rest, changes: newer })
    }
    this.taking = this.taking.then(work, work)
    return this.taking
  }
}

/** The first that wait, as many as a request may have. */
function batch(outbox: readonly Entry[], most: number): Entry[] {
  let characters = 0
  return outbox.slice(0, most).filter(({ command }, index) => {
    characters += JSON.stringify(command).length
    return !index || characters < MOST_CHARACTERS
  })
}

/** Why it is unacceptable. Whoever stands before Duly may say no more than the status. */
const problemOf = (response: Response): Promise<Problem> =>
  response.json().catch(() => ({ title: `Refused: ${response.status}`, status: response.status }))

/** Which commands have been answered for good, and the rows that came with the answers. */
function judge(entries: Entry[], results: Result[]) {
  const answered: Settled[] = []
  const bodies: Change[] = []
  for (const { uuid, status, body, problem, replayed } of results) {
    const entry = entries.find(({ command }) => command.uuid === uuid)
    const mayDoBetter = !replayed && (status >= 500 || UNDECIDED.includes(status))
    if (!entry || mayDoBetter) continue
    answered.push(problem ? { ...entry, problem } : entry)
    const version = (body as { version?: number } | undefined)?.version
    if (version === undefined) continue
    const [type] = entry.command.type.split('.')
    bodies.push({ type, id: (body as { id: string }).id, version, deleted: false, data: body } as Change)
  }
  return { answered, bodies }
}
