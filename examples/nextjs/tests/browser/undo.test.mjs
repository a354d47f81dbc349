/** Undo, when somebody else has been there meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, browser, call, row, rows, signUp, titles, tokenOf, until } from './browser.mjs'

test('undo does not take away what somebody else wrote since, and says so', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'Mine')
  await allIsSent(page)
  const id = await row(page, 'Mine').getAttribute('data-id')
  const rename = async (from, to) => {
    await page.getByRole('button', { name: from, exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill(to)
    await page.keyboard.press('Enter')
    await allIsSent(page)
  }
  const undo = page.getByRole('button', { name: 'Undo' })
  await rename('Mine', '  Still   mine ')
  await undo.click()
  await until(() => titles(page), ['Mine'])
  await rename('Mine', 'Renamed')
  await call(await tokenOf(page), 'PATCH', `/api/tasks/${id}`, { title: 'Of somebody else' })
  await until(() => titles(page), ['Of somebody else'])
  await undo.click()
  await page.getByText('It was changed again since').waitFor()
  await allIsSent(page)
  assert.deepEqual(await titles(page), ['Of somebody else'])
  assert.deepEqual(await rows(email, 'select title from duly.tasks where space_id = $1'), [{ title: 'Of somebody else' }])
})
