import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

/** What Better Auth and Duly answer, and what they were asked. */
let asked: string[] = []
let tokens = 0
let lifetime = 900
let skew = 0
let isSignedIn = true
let refuses: (authorization: string) => boolean = () => false

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function made(): string {
  const iat = Math.floor(Date.now() / 1000) + skew
  return `e30.${encoded({ iat, exp: iat + lifetime, name: 'Zoë 👩‍🚀?>', number: ++tokens })}.s`
}

globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? input : new Request(new URL(String(input), 'http://app'), init)
  asked.push(new URL(request.url).pathname)
  await new Promise((wake) => setImmediate(wake))
  if (request.url.includes('/api/auth/token'))
    return isSignedIn ? Response.json({ token: made() }) : Response.json({ message: 'Unauthorized' }, { status: 401 })
  if (refuses(request.headers.get('Authorization') ?? ''))
    return Response.json({ title: 'Unauthorized', detail: 'The token has ended.', code: 'token_expired' }, { status: 401 })
  return Response.json({ key: request.headers.get('Idempotency-Key'), body: await request.text() })
}

type Api = typeof import('../../lib/api')
let api: Api
let passed = 0
const real = performance.now.bind(performance)
performance.now = () => real() + passed * 1000

let copies = 0
beforeEach(async () => {
  ;[asked, tokens, lifetime, skew, passed] = [[], 0, 900, 0, 0]
  isSignedIn = true
  refuses = () => false
  // As in a page that has just been opened: a module keeps its token.
  api = (await import(`../../lib/api.ts?${++copies}`)) as Api
})

const asks = () => asked.filter((path) => path === '/api/auth/token').length

test('however many ask for a token, one request does', async () => {
  const all = await Promise.all([api.token(), api.token(), api.token(true), api.token()])
  assert.equal(new Set(all).size, 1)
  await api.token()
  assert.equal(asks(), 1)
})

test('a token is renewed a minute before its end, whatever this machine takes for the time', async () => {
  for (skew of [0, 86_400, -86_400]) {
    passed += 10_000
    const first = await api.token()
    passed += 839
    assert.equal(await api.token(), first)
    passed += 2
    assert.notEqual(await api.token(), first)
  }
})

test('a short one is renewed after half of its life', async () => {
  lifetime = 10
  const first = await api.token()
  passed += 4.5
  assert.equal(await api.token(), first)
  passed += 1
  assert.notEqual(await api.token(), first)
})

test('a request whose token is refused is sent once more with another one, as it was', async () => {
  const old = await api.token()
  refuses = (authorization) => authorization === `Bearer ${old}`
  const { data } = await api.duly('http://duly').POST('/api/tasks', { body: { title: 'Once' } })
  const { key, body } = data as unknown as { key: string; body: string }
  assert.equal(body, '{"title":"Once"}')
  assert.match(key, /^[0-9a-f-]{36}$/)
  assert.deepEqual(asked, ['/api/auth/token', '/api/tasks', '/api/auth/token', '/api/tasks'])
})

test('a request that is refused twice is not sent a third time', async () => {
  refuses = () => true
  await assert.rejects(api.duly('http://duly').GET('/api/tasks'), { message: 'The token has ended.', status: 401, code: 'token_expired' })
  assert.equal(asked.filter((path) => path === '/api/tasks').length, 2)
})

test('many requests with an old token ask for one new one', async () => {
  const old = await api.token()
  refuses = (authorization) => authorization === `Bearer ${old}`
  const duly = api.duly('http://duly')
  await Promise.all(Array.from({ length: 5 }, () => duly.GET('/api/tasks')))
  assert.equal(asks(), 2)
})

test('nobody signed in has no token, and the next one to ask may have one', async () => {
  isSignedIn = false
  assert.equal(await api.token(), null)
  await assert.rejects(api.duly('http://duly').GET('/api/tasks'), { message: 'Please sign in again.', status: 401 })
  isSignedIn = true
  assert.notEqual(await api.token(), null)
})

test('a network that does not answer is no word about who is signed in', async () => {
  const answering = globalThis.fetch
  globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'))
  try {
    await assert.rejects(api.token(), TypeError)
    await assert.rejects(api.session(), TypeError)
  } finally {
    globalThis.fetch = answering
  }
  assert.notEqual(await api.token(), null)
})

test('a page of somebody between is no word about who is signed in either', async () => {
  const answering = globalThis.fetch
  globalThis.fetch = async () => new Response('<h1>Sign in to this network</h1>', { headers: { 'Content-Type': 'text/html' } })
  try {
    await assert.rejects(api.token(), TypeError)
    await assert.rejects(api.session(), TypeError)
  } finally {
    globalThis.fetch = answering
  }
})

test('who waits too long for a token hears so, and the next one to ask does not wait for the same', async () => {
  const [answering, timeout, patience] = [globalThis.fetch, AbortSignal.timeout, new AbortController()]
  AbortSignal.timeout = () => patience.signal
  globalThis.fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(patience.signal.reason as Error)))
  try {
    const [one, other] = [api.token(), api.duly('http://duly').GET('/api/tasks')]
    patience.abort()
    await assert.rejects(one, TypeError)
    await assert.rejects(other, TypeError)
  } finally {
    globalThis.fetch = answering
    AbortSignal.timeout = timeout
  }
  assert.notEqual(await api.token(), null)
})

test('after signing out the token of before is not used, though it was on its way', async () => {
  const late = api.token()
  await api.signOut()
  isSignedIn = false
  await late
  assert.equal(await api.token(), null)
})
