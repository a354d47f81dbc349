/** What happens at a bad moment: an edit that is broken off, a row that goes while it is held, an address that somebody made up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, browser, call, FRONTEND, ready, row, rows, signUp, titles, tokenOf, until } from './browser.mjs'

const focused = (page) => page.evaluate(() => document.activeElement.textContent)
const idOf = (page, title) => row(page, title).getAttribute('data-id')

test('a title that is being edited is kept when the page is reloaded', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk')
  await page.getByRole('button', { name: 'Buy milk', exact: true }).click()
  await page.locator('input[aria-label="Title"]').fill('Buy oat milk')
  await page.reload()
  await ready(page)
  await until(() => titles(page), ['Buy oat milk'])
})

test('the last of many tasks is one key away, and has the focus', async () => {
  const { page } = await signUp(await browser())
  const token = await tokenOf(page)
  for (let number = 1; number <= 150; number++) await call(token, 'POST', '/api/tasks', { title: `Task ${number}` })
  await page.locator('li[aria-setsize="150"]').first().waitFor()
  await page.getByRole('button', { name: 'Task 1', exact: true }).focus()
  for (const [key, title] of [['End', 'Task 150'], ['Home', 'Task 1']]) {
    await page.keyboard.press(key)
    await until(() => focused(page), title)
  }
})

test('a row that is dragged and deleted elsewhere leaves the list as it is without it', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One', 'Two', 'Three')
  const id = await idOf(page, 'Two')
  await row(page, 'Two').hover()
  const grip = await row(page, 'Two').locator('[data-grip]').boundingBox()
  await page.mouse.move(grip.x + 5, grip.y + 5)
  await page.mouse.down()
  await page.mouse.move(grip.x + 5, grip.y + 40, { steps: 3 })
  await call(await tokenOf(page), 'DELETE', `/api/tasks/${id}`)
  await until(() => titles(page), ['One', 'Three'])
  await page.mouse.up()
  await until(() => page.locator('li[data-id]').evaluateAll((all) => all.map((each) => each.style.transform)), ['', ''])
  await add(page, 'Four')
  await until(() => titles(page), ['One', 'Three', 'Four'])
})

test('a key that is held deletes one task', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One', 'Two', 'Three')
  await page.getByRole('button', { name: 'One', exact: true }).focus()
  for (let repeats = 0; repeats < 5; repeats++) await page.keyboard.down('Delete')
  await page.keyboard.up('Delete')
  await until(() => titles(page), ['Two', 'Three'])
})

test('in the trash keys change nothing', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One')
  await call(await tokenOf(page), 'DELETE', `/api/tasks/${await idOf(page, 'One')}`)
  await page.getByRole('link', { name: 'Trash' }).click()
  await until(() => titles(page), ['One'])
  await page.getByRole('button', { name: 'One', exact: true }).focus()
  for (const key of ['x', 't', '1', 'e', 'Delete', 'Alt+ArrowUp']) await page.keyboard.press(key)
  assert.equal(await focused(page), 'One')
  assert.equal(await page.getByRole('button', { name: 'Undo' }).count(), 0)
})

test('an address that nobody made shows what can be shown, and a task of a list that is not there goes to the inbox', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One')
  await page.goto(`${FRONTEND}/tasks?view=__proto__&sort=nonsense`)
  await until(() => titles(page), ['One'])
  await page.goto(`${FRONTEND}/tasks?list=nowhere`)
  await ready(page)
  await add(page, 'Two')
  await page.getByText('“Two” is in Inbox, and not shown here.').waitFor()
})

test('a row that has the focus and is scrolled away leaves it to the page, and what was typed is kept', async () => {
  const { page } = await signUp(await browser())
  const token = await tokenOf(page)
  for (let number = 1; number <= 150; number++) await call(token, 'POST', '/api/tasks', { title: `Task ${number}` })
  await page.getByRole('button', { name: 'Task 1', exact: true }).click()
  await page.locator('input[aria-label="Title"]').fill('First')
  await page.evaluate(() => scrollTo(0, 6_000))
  await until(() => page.evaluate(() => document.activeElement.id), 'tasks')
  await page.evaluate(() => scrollTo(0, 0))
  await page.getByRole('button', { name: 'First', exact: true }).waitFor()
})

test('notes of a task that is deleted elsewhere are not lost, nor is the focus', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'One')
  const id = await idOf(page, 'One')
  await page.getByRole('button', { name: 'One', exact: true }).focus()
  await page.keyboard.press('o')
  const details = page.getByRole('dialog')
  await details.getByLabel('Notes').fill('Precious')
  await call(await tokenOf(page), 'DELETE', `/api/tasks/${id}`)
  await details.getByRole('button', { name: 'Restore' }).waitFor()
  await until(() => page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Close')
  await details.getByRole('button', { name: 'Restore' }).click()
  await until(() => details.getByLabel('Notes').isEnabled(), true)
  await page.keyboard.press('Escape')
  await until(() => rows(email, 'select description from duly.tasks where space_id = $1'), [{ description: 'Precious' }])
})
