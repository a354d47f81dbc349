/** Several tabs of one browser, and what it keeps between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, another, browser, FRONTEND, ready, signUp, titles, until } from './browser.mjs'

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
  await page.getByRole('button', { name: 'Account of Alicia' }).waitFor()
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
