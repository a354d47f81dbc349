/** The one client: every request of the application goes through here (a lint rule sees to it). */
import createClient, { type Client, type Middleware } from 'openapi-fetch'
import type { components, paths } from './duly'

export type HistoryEntry = components['schemas']['HistoryEntry']

export interface User {
  id: string
  name: string
  email: string
}

/** What a service refused, in words that can be shown. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code = '',
  ) {
    super(message)
  }
}

/** Why something was refused, as exactly as it was said. */
export const reason = (problem: { errors?: { detail: string }[]; detail?: string; title?: string }): string =>
  problem.errors?.map(({ detail }) => detail).join(' ') || problem.detail || problem.title || ''

/** What carries all requests. */
export const send: typeof fetch = (input, init) => fetch(input, init)

const PATIENCE = 30_000 // milliseconds that an answer may take

// Better Auth, on this application's own origin.

interface Answer {
  message?: string
  code?: string
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await patiently(`/api/auth${path}`, { ...init, cache: 'no-store' })
  // What is no JSON is of somebody between: it does not say that nobody is signed in.
  const answer = (await response.json().catch(() => undefined)) as (T & Answer) | undefined
  if (response.ok && answer !== undefined) return answer
  if (response.ok) throw new TypeError('Better Auth did not answer.')
  throw new Refused(answer?.message ?? `That did not work (${response.status}).`, response.status, answer?.code)
}

/** As for a network that is away, for one that takes too long. */
async function patiently(input: RequestInfo, init?: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(PATIENCE)
  return send(input, { ...init, signal }).catch((error: unknown) => {
    throw signal.aborted ? new TypeError('The network takes too long.') : error
  })
}

export const signUp = (wish: { name: string; email: string; password: string }) =>
  ask<{ user: User }>('/sign-up/email', wish)

export const signIn = (wish: { email: string; password: string }) => ask<{ user: User }>('/sign-in/email', wish)

/** Who is signed in; null is nobody, and it throws when it cannot know. */
export const session = async (): Promise<User | null> =>
  (await ask<{ user: User } | null>('/get-session'))?.user ?? null

export const signOut = () => leave('/sign-out', {})

/** The account, for good: Better Auth checks the password, and has Duly erase its tasks first. */
export const deleteUser = (password: string) => leave('/delete-user', { password })

async function leave(path: string, wish: object): Promise<void> {
  await ask(path, wish)
  await asking?.catch(() => null) // a token that is on its way must not stay either
  held = undefined
}

// The token for Duly, in memory alone.

const MARGIN = 60 // seconds before its end at which a token is renewed

let held: { value: string; until: number } | undefined
let asking: Promise<string | null> | undefined

async function newToken(): Promise<string | null> {
  try {
    const { token } = await ask<{ token: string }>('/token')
    const payload = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')
    const { exp, iat } = JSON.parse(atob(payload)) as { exp: number; iat: number }
    // By its lifetime: this machine's clock may differ from the server's.
    const lifetime = Math.max(exp - iat - MARGIN, (exp - iat) / 2)
    held = { value: token, until: performance.now() + lifetime * 1000 }
    return token
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null
    throw error
  }
}

/** A token for Duly, another one if `fresh`; null when nobody is signed in. However many ask, one request does. */
export function token(fresh = false): Promise<string | null> {
  if (held && !fresh && performance.now() < held.until) return Promise.resolve(held.value)
  asking ??= newToken().finally(() => (asking = undefined))
  return asking
}

// Duly, by its OpenAPI document.

/** With a token, and once more with another one if it is refused. */
async function call(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await patiently(await signed(request, false))
  return response.status === 401 ? patiently(await signed(again, true)) : response
}

async function signed(request: Request, fresh: boolean): Promise<Request> {
  const value = await token(fresh)
  if (value === null) throw new Refused('Please sign in again.', 401)
  request.headers.set('Authorization', `Bearer ${value}`)
  return request
}

const keysAndProblems: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('Idempotency-Key', crypto.randomUUID())
  },
  async onResponse({ response }) {
    if (response.ok) return
    const problem = (await response.json().catch(() => ({}))) as Partial<components['schemas']['ProblemDocument']>
    const said = reason(problem) || `Duly answered ${response.status}.`
    throw new Refused(said, response.status, problem.code)
  },
}

/** Duly at an address that the server tells at run time. Throws `Refused` for what Duly refuses. */
export function duly(url: string): Client<paths> {
  const client = createClient<paths>({ baseUrl: url, fetch: call })
  client.use(keysAndProblems)
  return client
}
