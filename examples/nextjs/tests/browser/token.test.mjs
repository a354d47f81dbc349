import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, browser, call, FRONTEND, installed, PASSWORD, ready, rows, signIn, signUp, titles, tokenOf, until } from './browser.mjs'

/** Where the application signs people out, requests are refused. */
const SIGNED_OUT = /401|net::ERR_ABORTED/
const ENOUGH = 6 // tokens, of which each ends a stream

/** Each token on its way to a page, and how many there were at once at most. */
async function watchTokens(page) {
  const seen = { count: 0, inFlight: 0, most: 0, seconds: [] }
  await page.route('**/api/auth/token', async (route) => {
    seen.count++
    seen.most = Math.max(seen.most, ++seen.inFlight)
    const answer = await route.fetch().catch(() => null)
    seen.inFlight--
    if (!answer) return // the test is over
    const { token } = await answer.json().catch(() => ({}))
    if (token) seen.seconds.push(lifetime(token))
    await route.fulfill({ response: answer }).catch(() => null)
  })
  return seen
}

function lifetime(token) {
  const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  return exp - iat
}

test('work goes on while tokens end, and nobody is asked to sign in', async (t) => {
  // High enough for all rows to be made.
  const { page, email } = await signUp(await browser({ viewport: { width: 1200, height: 4000 } }))
  await add(page, 'Before')
  await allIsSent(page)
  const tokens = await watchTokens(page)
  await page.reload()
  await ready(page)
  const elsewhere = await signIn(await browser(), email)
  const wanted = ['Before']
  for (let number = 1; tokens.count < ENOUGH; number++) {
    const before = tokens.count
    await add(page, `Mine ${number}`)
    await call(await tokenOf(elsewhere), 'POST', '/api/tasks', { title: `Theirs ${number}` })
    wanted.push(`Mine ${number}`, `Theirs ${number}`)
    await until(async () => (await titles(page)).sort(), wanted.sort())
    // A few in the life of each token are enough.
    if (number % 5 === 0) await until(() => tokens.count > before, true)
  }
  await allIsSent(page)
  t.diagnostic(`${tokens.count} tokens of ${tokens.seconds[0]} s, ${wanted.length} tasks`)
  assert.equal(new URL(page.url()).pathname, '/tasks')
  assert.equal(await page.getByText(/sign in/i).count(), 0)
  assert.equal(tokens.most, 1)
  assert.ok(Math.max(...tokens.seconds) <= 5, 'start the application with TOKEN_LIFETIME=5s')
  const kept = await rows(email, 'select title from duly.tasks where space_id = $1 order by title')
  assert.deepEqual(kept.map(({ title }) => title).sort(), wanted.sort())
})

test('somebody signed out elsewhere is told, keeps what waits, and sends it after signing in again', async () => {
  const context = await browser({}, SIGNED_OUT)
  const { page, email } = await signUp(context)
  await add(page, 'Sent')
  await allIsSent(page)
  await installed(page)
  await rows(email, 'delete from session where "userId" = $1')
  const told = page.getByRole('link', { name: /sign in/i })
  await told.waitFor() // when the token has ended
  await add(page, 'Waits', 'Waits too')
  await until(() => told.innerText(), 'Sign in to send 2 changes')
  await until(() => titles(page), ['Sent', 'Waits', 'Waits too'])
  await told.click()
  await page.waitForURL(`${FRONTEND}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await ready(page)
  await until(() => titles(page), ['Sent', 'Waits', 'Waits too'])
  await allIsSent(page)
  const kept = await rows(email, 'select title from duly.tasks where space_id = $1 order by title')
  assert.deepEqual(kept.map(({ title }) => title), ['Sent', 'Waits', 'Waits too'])
  assert.equal(await told.count(), 0)
})
