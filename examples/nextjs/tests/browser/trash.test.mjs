/** Lists that were deleted come back from the trash, for as long as they are there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, FRONTEND, rows, signUp, titles, until } from './browser.mjs'
import { list, put, task } from './data.mjs'

const kept = (email) => rows(email, 'select name from duly.lists where space_id = $1 and not is_inbox and deleted_at is null')
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id)

test('a deleted list is in the trash, and comes back with the tasks that went there with it', async () => {
  const { page, email } = await signUp(await browser())
  const [home, work] = [list('Home', '#2f855a'), list('Work', null)]
  const old = task('Old', { list_id: home.id })
  await put(page, [home, work, old, task('Sweep', { list_id: home.id }), task('Air', { list_id: home.id }), { type: 'task.delete', id: old.id }])
  await put(page, [{ type: 'list.delete', id: home.id }])
  await put(page, [{ type: 'list.delete', id: work.id }])
  await page.goto(`${FRONTEND}/tasks?view=trash`) // there is no message any more
  const lists = page.getByRole('region', { name: 'Deleted lists' })
  await until(() => lists.getByRole('listitem').allInnerTexts().then((all) => all.map((each) => each.replace(/\s+/g, ' '))), ['Work Restore', 'Home with 2 tasks Restore'])
  await page.getByRole('button', { name: 'Restore the list Work' }).press('Enter')
  await until(() => focused(page), 'Restore the list Home')
  await page.keyboard.press('Enter')
  await until(() => lists.getByRole('button', { name: /^Restore/ }).count(), 0)
  await until(() => focused(page), 'tasks')
  await until(() => titles(page), ['Old'])
  await until(() => kept(email).then((all) => all.length), 2)
  await page.getByRole('link', { name: /^Home/ }).click()
  await until(() => titles(page), ['Sweep', 'Air'])
})

test('a list without tasks is in the trash too, and the trash with it is not empty', async () => {
  const { page, email } = await signUp(await browser())
  const home = list('Home', null)
  await put(page, [home, { type: 'list.delete', id: home.id }])
  await page.goto(`${FRONTEND}/tasks?view=trash`)
  await page.getByRole('button', { name: 'Restore the list Home' }).waitFor()
  assert.equal(await page.getByText('The trash is empty').count(), 0)
  await page.getByRole('button', { name: 'Empty trash' }).click()
  await page.getByRole('dialog').getByText('What is in it, 1 list, goes for good').waitFor()
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByText('The trash is empty').last().waitFor()
  await until(() => page.getByRole('button', { name: 'Restore the list Home' }).count(), 0)
  assert.deepEqual(await rows(email, 'select name from duly.lists where space_id = $1 and not is_inbox'), [])
})
