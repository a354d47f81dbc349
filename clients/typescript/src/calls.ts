/** Requests to Duly as one user, whose token the page provides. */

const PATIENCE = 30_000 // milliseconds that an answer may take
const LONGEST = 300 // seconds that an answer can ask to wait: what was to take hours may be over sooner

export interface Connection {
  /** Where Duly is: its origin, and its prefix if it has one. */
  url: string
  /** The user's id. */
  user: string
  /** Their token, a new one if asked; null when nobody is signed in. */
  token: (fresh: boolean) => Promise<string | null>
  /** Carries all requests, instead of the page's own `fetch`. */
  fetch?: typeof fetch
}

/** Nobody is signed in, or somebody else is. */
export class SignedOut extends Error {}

/** It did not work, but may later. */
export class Failed extends Error {
  constructor(
    /** Milliseconds to wait at least. */
    readonly pause = 0,
    /** Whether it says nothing about being online. */
    readonly isQuiet = false,
  ) {
    super()
  }
}

export class Calls {
  private isTokenOver = false
  /** The latest token. */
  private known: string | null = null
  private asking: Promise<string | null> | undefined

  constructor(
    private readonly connection: Connection,
    private readonly stop: AbortSignal,
  ) {}

  /** Ask for another token at the next request. */
  renew(): void {
    this.isTokenOver = true
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' }
    return this.call(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  async stream(path: string, cursor: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': cursor }
    const response = await this.call(path, { headers }, signal)
    if (response.ok && response.body) return response.body
    throw new Failed()
  }

  /** The JSON of an answer that is one. */
  async read<T>(response: Response): Promise<T> {
    if (response.ok) return response.json() as Promise<T>
    // It may be a date as well (RFC 9110, 10.2.3), by a clock that is not this one.
    const seconds = Number(response.headers.get('Retry-After')) || 0
    throw new Failed(Math.min(seconds, LONGEST) * 1000)
  }

  /** Under the user's own path, where the token of anybody else is refused. */
  async call(path: string, init: RequestInit = {}, signal = AbortSignal.timeout(PATIENCE)): Promise<Response> {
    const { url, user, fetch = globalThis.fetch } = this.connection
    for (let value: string | null = null, tries = 0; tries < 2; tries++) {
      value = await this.token(value)
      if (value === null) break
      const response = await fetch(`${url}/api/${encodeURIComponent(user)}${path}`, {
        ...init,
        headers: { ...init.headers, Authorization: `Bearer ${value}` },
        cache: 'no-store',
        signal: AbortSignal.any([signal, this.stop]),
      })
      if (response.status === 403) break
      if (response.status !== 401) return response
    }
    throw new SignedOut()
  }

  /** A token that is none of those that are over, nor the one that was refused. */
  private async token(refused: string | null): Promise<string | null> {
    // Another one is asked for once at a time: who needs one meanwhile waits for the same.
    if (this.isTokenOver || (refused !== null && refused === this.known)) this.asking ??= this.another()
    return this.asking ?? (this.known = await this.connection.token(false))
  }

  private async another(): Promise<string | null> {
    try {
      this.known = await this.connection.token(true)
      this.isTokenOver = false
      return this.known
    } finally {
      this.asking = undefined
    }
  }
}
