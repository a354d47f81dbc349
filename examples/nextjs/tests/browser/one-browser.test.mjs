/** Several tabs of one browser, and what it keeps between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, another, browser, FRONTEND, ready, row, rows, signUp, titles, until } from './browser.mjs'

test('a name that was changed elsewhere sends no other tab away', async () => {
  const context = await browser()
  const { page } = await signUp(context)
  const other = await another(context)
  const gone = []
  other.on('framenavigated', (frame) => gone.push(frame.url()))
  await page.evaluate(() =>
    fetch('/api/auth/update-user', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"Alicia"}' }),
  )
  await page.reload()
  await ready(page)
  await until(() => page.evaluate(() => JSON.parse(localStorage.getItem('user')).name), 'Alicia')
  await add(page, 'Buy milk')
  await until(() => titles(other), ['Buy milk'])
  assert.deepEqual(gone, [])
})

test('what another version of the application kept of its user is not taken for one', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk')
  await allIsSent(page)
  for (const odd of ['{}', '5', '[]', '{"id":5,"name":"Alice"}']) {
    await page.evaluate((odd) => localStorage.setItem('user', odd), odd)
    await page.goto(`${FRONTEND}/tasks`)
    await until(() => titles(page), ['Buy milk'])
  }
  assert.equal(await page.evaluate(async () => (await indexedDB.databases()).length), 1)
})

test('a tab that is opened while another one is about to keep what was done leaves that to it: all is sent once', async () => {
  const context = await browser()
  const { page } = await signUp(context)
  await add(page, 'Counted')
  await allIsSent(page)
  const commands = []
  context.on('request', (request) => {
    if (request.url().endsWith('/sync') && request.method() === 'POST') commands.push(...request.postDataJSON().commands.map(({ type }) => type))
  })
  const other = await context.newPage()
  await other.addInitScript(standStill)
  await other.goto(`${FRONTEND}/tasks`)
  await until(() => other.evaluate('isStill'), true)
  await page.evaluate(slowDown)
  await page.locator('#quick-add').fill('Written')
  await page.locator('#quick-add').press('Enter')
  await row(page, 'Counted').getByRole('checkbox').click()
  await other.evaluate('goOn()')
  await ready(other)
  await page.evaluate('isSlow = false')
  for (const each of [page, other]) await until(() => titles(each), ['Written'])
  await allIsSent(page)
  assert.equal(await other.getByText('not accepted').count(), 0)
  assert.deepEqual(commands, ['task.create', 'task.complete'])
})

/** In a page: once it has read what is kept, nothing is shown for a while. */
function standStill() {
  const [tell, work] = [BroadcastChannel.prototype.postMessage, MessagePort.prototype.postMessage]
  const held = []
  globalThis.isStill = false
  BroadcastChannel.prototype.postMessage = function (told) {
    globalThis.isStill ||= told.say === 'hello'
    return tell.call(this, told)
  }
  MessagePort.prototype.postMessage = function (...told) {
    if (globalThis.isStill) held.push(() => work.apply(this, told))
    else work.apply(this, told)
  }
  globalThis.goOn = () => {
    globalThis.isStill = false
    for (const each of held) each()
  }
}

/** In a page: what is written takes as long as a disk may take. */
function slowDown() {
  const { transaction } = IDBDatabase.prototype
  globalThis.isSlow = true
  IDBDatabase.prototype.transaction = function (...of) {
    const made = transaction.apply(this, of)
    const keepOpen = () => globalThis.isSlow && (made.objectStore('meta').count().onsuccess = keepOpen)
    if (of[1] === 'readwrite') keepOpen()
    return made
  }
}

test('what a page that is gone noted, the next one does, though others are open', async () => {
  const context = await browser()
  const { page, email } = await signUp(context)
  const other = await another(context)
  await page.evaluate(() => {
    IDBDatabase.prototype.transaction = function () {
      return { objectStore: () => ({ get: () => ({}), put: () => ({}), getAll: () => ({}) }) }
    }
  })
  await page.locator('#quick-add').fill('Noted')
  await page.locator('#quick-add').press('Enter')
  await page.close()
  await another(context)
  await until(() => titles(other), ['Noted'])
  await allIsSent(other)
  assert.equal((await rows(email, 'select 1 from duly.tasks where space_id = $1')).length, 1)
})
