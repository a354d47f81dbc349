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
// As root, as in most containers, Chromium starts without its sandbox alone.
const launched = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
const database = new pg.Pool({ connectionString: DATABASE_URL })
const complaints = []
const contexts = []
let people = 0

after(async () => {
  await launched.close()
  await database.end()
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
  assert.deepEqual(complaints.splice(0), [])
})

/** A browser of somebody's own; `options` are those of a context: viewport, colorScheme, hasTouch, … */
export async function browser(options = {}) {
  const context = await launched.newContext({ viewport: { width: 1200, height: 800 }, ...options })
  contexts.push(context)
  watch(context)
  return context
}

/** @param expected What a test brings about itself, such as requests that fail without a network. */
export function watch(context, expected = () => false) {
  const note = (text) => expected(text) || complaints.push(text)
  context.on('page', (page) => {
    page.setDefaultTimeout(SECONDS * 1000)
    page.on('pageerror', (error) => note(`error: ${error.message}`))
    page.on('console', (said) => ['error', 'warning'].includes(said.type()) && note(`${said.type()}: ${said.text()}`))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText
      // What the page itself breaks off when it is left, or a stream that it ends.
      if (why !== 'net::ERR_ABORTED') note(`failed: ${request.method()} ${request.url()} ${why}`)
    })
    page.on('response', (response) => response.status() >= 400 && note(`${response.status()}: ${response.url()}`))
  })
}

/** A browser in which requests may fail: tests that cut the network use it. */
export async function patient(options = {}) {
  const context = await launched.newContext({ viewport: { width: 1200, height: 800 }, ...options })
  contexts.push(context)
  watch(context, (text) => /^failed: |Failed to load resource|net::ERR_/.test(text))
  return context
}

/** Somebody new, signed up in this browser by the form, on the page of tasks. */
export async function signUp(context, name = 'Alice') {
  const page = await context.newPage()
  const email = `${name.toLowerCase()}-${process.pid}-${++people}@example.com`
  await page.goto(`${FRONTEND}/sign-up`)
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await ready(page)
  return { page, email }
}

export async function signIn(context, email) {
  const page = await context.newPage()
  await page.goto(`${FRONTEND}/sign-in`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await ready(page)
  return page
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

/** The titles that are shown, from the top. */
export const titles = (page) => page.locator('[id^="task-"]').allInnerTexts()

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
  page.evaluate(async () => (await (await fetch('/api/auth/token')).json()).token)

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
