/** The line for new tasks: what is pasted there, and what does not show where it was added. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, browser, FRONTEND, ready, rows, row, signUp, titles, until } from './browser.mjs'
import { list, put } from './data.mjs'

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent)

/** As from the clipboard. */
async function paste(page, text) {
  await page.locator('#quick-add').focus()
  await page.locator('#quick-add').evaluate((input, value) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', value)
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, text)
}

test('several lines that are pasted become a task each with Enter, and one undo takes them back', async () => {
  const { page } = await signUp(await browser())
  await paste(page, '- [ ] Buy milk tomorrow #shop\r\n\r\n- Call Ann\n3. Water the plants\n* tomorrow\n')
  await page.getByRole('group', { name: '4 lines were pasted' }).getByText('and 1 more').waitFor()
  await until(() => focused(page), 'Add 4 tasks')
  await page.keyboard.press('Enter')
  await until(() => titles(page), ['Buy milk', 'Call Ann', 'Water the plants', 'tomorrow'])
  await row(page, 'Buy milk').getByText('#shop').waitFor()
  await until(() => focused(page), 'quick-add')
  await page.getByRole('button', { name: 'Undo' }).click()
  await until(() => titles(page), [])
})

test('they can be one line all the same, or nothing', async () => {
  const { page } = await signUp(await browser())
  await page.locator('#quick-add').fill('Ask Bob:')
  await paste(page, 'milk\nbread')
  await page.keyboard.press('Escape')
  await until(() => focused(page), 'quick-add')
  assert.equal(await page.getByRole('group', { name: /were pasted/ }).count(), 0)
  await paste(page, 'milk\nbread')
  await page.getByRole('button', { name: 'One task' }).click()
  await page.keyboard.press('Enter')
  await until(() => titles(page), ['Ask Bob: milk bread'])
})

test('of more than fifty lines the first fifty become tasks, and that is said before', async () => {
  const { page, email } = await signUp(await browser())
  await paste(page, Array.from({ length: 60 }, (_, index) => `Line ${index + 1}`).join('\n'))
  await page.getByText('The first 50 become tasks').waitFor()
  await page.getByRole('button', { name: 'Add 50 tasks' }).click()
  await until(async () => (await rows(email, 'select title from duly.tasks where space_id = $1')).length, 50)
  assert.deepEqual((await titles(page)).slice(0, 2), ['Line 1', 'Line 2'])
})

test('what was added and does not show here is named with where it went, and a click shows it', async () => {
  const { page } = await signUp(await browser())
  const work = list('Work', null)
  await put(page, [work])
  await page.getByRole('link', { name: /^Work/ }).click()
  await add(page, 'Write the report')
  for (const [path, text, list] of [
    ['?q=report', 'Buy milk', 'Inbox'],
    [`?list=${work.id}&q=report`, 'Ask Ann', 'Work'],
    [`?list=${work.id}&priority=high`, 'Tidy the desk', 'Work'],
    ['?view=today', 'Call Bob tomorrow', 'Inbox'],
    ['?view=upcoming', 'Think', 'Inbox'],
    ['', 'Print it @Work', 'Work'],
  ]) {
    await page.goto(`${FRONTEND}/tasks${path}`)
    await ready(page)
    await until(() => page.getByText('Fetching your tasks').count(), 0)
    await add(page, text)
    const title = text.replace(/ (tomorrow|@Work)/, '')
    await page.getByRole('status').getByText(`“${title}” is in ${list}, and not shown here.`).waitFor()
    await page.getByRole('button', { name: 'Show' }).click()
    await until(() => focused(page).then((id) => page.locator(`#${id}`).textContent()), title)
    await until(() => page.getByRole('heading', { level: 1 }).innerText(), list)
  }
})

test('what shows where it was added is not spoken of', async () => {
  const { page } = await signUp(await browser())
  await page.goto(`${FRONTEND}/tasks?q=milk`)
  await ready(page)
  await add(page, 'Buy milk')
  await until(() => titles(page), ['Buy milk'])
  assert.equal(await page.getByRole('button', { name: 'Show' }).count(), 0)
})
