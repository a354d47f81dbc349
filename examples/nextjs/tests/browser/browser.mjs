/** People with browsers on the running application. What no page may ever do is noted, and fails the test:
 *  an error or warning on the console, a request that fails, a barrier that axe finds.
 *
 *  FRONTEND and DULY are origins, DATABASE_URL is of both; `make demo` prints the first two. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, afterEach } from 'node:test'
import pg from 'pg'
import { chromium } from 'playwright-core'

export const { FRONTEND, DULY, DATABASE_URL, CHROMIUM = '/usr/bin/chromium' } = process.env
export const PASSWORD = 'correct horse battery'

const SECONDS = 20
const NOTHING = /(?!)/
/** What is said of requests that come to nothing. */
export const UNREACHABLE = /^failed: |Failed to load resource|net::ERR_/
// As root, as in most containers, Chromium starts without its sandbox alone.
const launched = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
const database = new pg.Pool({ connectionString: DATABASE_URL })
const complaints = []
const contexts = []
let people = 0
let visits = 0

after(async () => {
  await launched.close()
  await database.end()
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
  assert.deepEqual(complaints.splice(0), [])
})

/** A browser of somebody's own.
 *
 *  @param options Those of a context: viewport, colorScheme, hasTouch, …
 *  @param expected What the test brings about itself, as a pattern. */
export async function browser(options = {}, expected = NOTHING) {
  return begin(await launched.newContext({ viewport: { width: 1200, height: 800 }, ...options }), expected)
}

/** @param expected What a test brings about itself, such as requests that fail without a network. */
export function watch(context, expected = () => false) {
  const note = (text) => expected(text) || complaints.push(text)
  context.on('page', (page) => {
    page.setDefaultTimeout(SECONDS * 1000)
    page.on('pageerror', (error) => note(`error: ${error.message}`))
    page.on('console', (said) => ['error', 'warning'].includes(said.type()) && note(`${said.type()}: ${said.text()} ${said.location().url}`))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText
      // What the page itself breaks off when it is left, or a stream that it ends.
      if (why !== 'net::ERR_ABORTED') note(`failed: ${request.method()} ${request.url()} ${why}`)
    })
    page.on('response', (response) => response.status() >= 400 && note(`${response.status()}: ${response.url()}`))
  })
}

/** A browser in which requests may fail: tests that cut the network use it. */
export const patient = (options = {}) => browser(options, UNREACHABLE)

/** A browser with a folder of its own, which it finds again when it is started again. */
export async function profiled(folder, options = {}) {
  const start = { executablePath: CHROMIUM, args: ['--no-sandbox'], ...options }
  return begin(await chromium.launchPersistentContext(folder, start), UNREACHABLE)
}

function begin(context, expected) {
  contexts.push(context)
  watch(context, (text) => expected.test(text))
  return context
}

/** Somebody new, signed up in this browser by the form, on the page of tasks. */
export async function signUp(context, name = 'Alice') {
  const email = `${name.toLowerCase()}-${process.pid}-${++people}@example.com`
  return { page: await enter(context, 'sign-up', { Name: name, 'E-mail': email }, 'Create account'), email }
}

export const signIn = (context, email) => enter(context, 'sign-in', { 'E-mail': email }, 'Sign in')

async function enter(context, path, fields, button) {
  const page = await context.newPage()
  await page.route('**/api/auth/sign-*/**', elsewhere)
  await page.goto(`${FRONTEND}/${path}`)
  for (const [label, text] of Object.entries({ ...fields, Password: PASSWORD })) await page.getByLabel(label).fill(text)
  await page.getByRole('button', { name: button }).click()
  await ready(page)
  await page.unroute('**/api/auth/sign-*/**')
  return page
}

/** Better Auth lets an address sign in three times in ten seconds: here each time is from another machine. */
function elsewhere(route) {
  const address = `10.${process.pid >> 8 & 255}.${process.pid & 255}.${++visits & 255}`
  return route.continue({ headers: { ...route.request().headers(), 'X-Forwarded-For': address } })
}

/** Another window of the same browser. */
export async function another(context, search = '') {
  const page = await context.newPage()
  await page.goto(`${FRONTEND}/tasks${search}`)
  await ready(page)
  return page
}

/** The page of tasks is there and has all of them. */
export const ready = (page) => page.locator('#quick-add').waitFor()

export async function add(page, ...texts) {
  for (const text of texts) {
    await page.locator('#quick-add').fill(text)
    await page.locator('#quick-add').press('Enter')
    await until(() => page.locator('#quick-add').inputValue(), '')
  }
}

/** The titles that are shown, from the top. What is far from the screen has no `innerText`. */
export const titles = (page) => page.locator('[id^="task-"]').allTextContents()

/** The row of a task. */
export const row = (page, title) => page.locator('li[data-id]').filter({ has: page.getByRole('button', { name: title, exact: true }) })

/** Wait until something reads so, or say how it reads. */
export async function until(read, wanted, seconds = SECONDS) {
  const ends = performance.now() + seconds * 1000
  for (;;) {
    const seen = await read()
    try {
      assert.deepEqual(seen, wanted)
      return
    } catch (error) {
      if (performance.now() > ends) throw error
    }
    await new Promise((wake) => setTimeout(wake, 20))
  }
}

/** What PostgreSQL has of somebody, straight from the tables. */
export async function rows(email, sql) {
  const { rows: [user] } = await database.query('select id from "user" where email = $1', [email])
  return (await database.query(sql, [user.id])).rows
}

/** A token for Duly of whoever is signed in. */
export const tokenOf = (page) =>
  page.evaluate(async () => {
    const response = await fetch('/api/auth/token')
    if (!response.ok) throw new Error(`no token: ${response.status}`)
    return (await response.json()).token
  })

/** Nothing waits, on disk or by a dot on the screen. */
export async function allIsSent(page) {
  await until(() => page.evaluate(countWaiting), 0)
  await until(() => page.getByTitle('Not sent yet').count(), 0)
}

/** In the page: how much is in the outboxes of this browser. */
async function countWaiting() {
  const result = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
  let count = 0
  for (const { name } of await indexedDB.databases()) {
    const database = await result(indexedDB.open(name))
    count += await result(database.transaction('outbox').objectStore('outbox').count())
    database.close()
  }
  return count
}

/** Everything is here that makes the page open without a network. */
export const installed = (page) => until(() => page.evaluate(async () => Boolean(await caches.match('/tasks'))), true)

/** Straight to Duly as somebody else would: another device, a script. */
export async function call(token, method, path, body) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const response = await fetch(`${DULY}${path}`, { method, headers, body: body && JSON.stringify(body) })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.status === 204 ? undefined : response.json()
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong: barriers for people who do not see, or do not use a mouse. */
export async function barriers(page) {
  await page.evaluate(axe)
  const found = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), TAGS)
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)
}
