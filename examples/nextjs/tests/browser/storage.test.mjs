import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, browser, FRONTEND, row, rows, signUp, titles, until } from './browser.mjs'

const sent = async (email) =>
  (await rows(email, 'select title from duly.tasks where space_id = $1 order by title')).map(({ title }) => title)
const allIsSent = (page) => until(() => page.getByTitle('Not sent yet').count(), 0)

/** It is said, and why. */
async function isTold(page) {
  await page.getByRole('button', { name: 'Not kept on this device' }).click()
  await page.getByText('what is not sent yet is lost when this tab is closed').waitFor()
  await page.keyboard.press('Escape')
}

async function works(page, email) {
  await add(page, 'Buy milk', 'Call Bob')
  await until(() => titles(page), ['Buy milk', 'Call Bob'])
  await allIsSent(page)
  await row(page, 'Buy milk').getByRole('checkbox').click()
  await until(() => titles(page), ['Call Bob'])
  await allIsSent(page)
  assert.deepEqual(await sent(email), ['Buy milk', 'Call Bob'])
  await page.goto(`${FRONTEND}/tasks`)
  await until(() => titles(page), ['Call Bob'])
}

test('where the browser forbids to keep anything, all works in memory, and it is said', async () => {
  const context = await browser()
  await context.addInitScript(() => {
    const forbid = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
    for (const name of ['indexedDB', 'localStorage', 'caches']) Object.defineProperty(globalThis, name, { get: forbid })
  })
  const { page, email } = await signUp(context)
  await isTold(page)
  await works(page, email)
  await isTold(page)
})

test('where opening a database fails, all works in memory, and it is said', async () => {
  const context = await browser()
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('A mutation operation was attempted on a database that did not allow mutations.', 'InvalidStateError')
    }
  })
  const { page, email } = await signUp(context)
  await isTold(page)
  await works(page, email)
})

test('where there is no room any more, what is typed is sent all the same, and it is said', async () => {
  const context = await browser()
  const { page, email } = await signUp(context)
  await add(page, 'While there is room')
  await allIsSent(page)
  await page.evaluate(() => {
    // As Chromium does it: whatever is put, the transaction is aborted afterwards.
    const aborted = new Set()
    const setAborted = (transaction) =>
      aborted.has(transaction) || (aborted.add(transaction), queueMicrotask(() => transaction.abort()))
    const put = IDBObjectStore.prototype.put
    IDBObjectStore.prototype.put = function (...row) {
      setAborted(this.transaction)
      return put.apply(this, row)
    }
  })
  await add(page, 'Without room')
  await isTold(page)
  await until(() => titles(page), ['While there is room', 'Without room'])
  await allIsSent(page)
  assert.deepEqual(await sent(email), ['While there is room', 'Without room'])
  await page.reload()
  await until(() => titles(page), ['While there is room', 'Without room'])
})

test('somebody can sign in where there is no room to remember who it was', async () => {
  const context = await browser()
  await context.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    }
  })
  const { page, email } = await signUp(context)
  await works(page, email)
})

test('what is kept of who was here may be broken', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk')
  await allIsSent(page)
  await page.evaluate(() => localStorage.setItem('user', '{"id":'))
  await page.reload()
  await until(() => titles(page), ['Buy milk'])
})
