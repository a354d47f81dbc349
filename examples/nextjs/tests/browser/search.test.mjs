/** What a search looks through, and what the numbers and marks at the side mean. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, browser, patient, row, signUp, titles, until } from './browser.mjs'
import { day, list, put, task } from './data.mjs'

test('a search says what it looks through, and where it finds nothing offers to look everywhere', async () => {
  const { page } = await signUp(await browser())
  const work = list('Work', null)
  await put(page, [work, task('Write the report', { list_id: work.id, tags: ['calls'] }), task('Buy milk')])
  const label = () => page.locator('#search').getAttribute('placeholder')
  for (const [link, wanted] of [
    [/^Inbox/, 'Search everything'],
    [/^Today/, 'Search Today'],
    [/^All tasks/, 'Search everything'],
    [/^calls/, 'Search #calls'],
    [/^Work/, 'Search Work'],
  ]) {
    await page.getByRole('link', { name: link }).click()
    await until(label, wanted)
    await page.getByLabel(wanted, { exact: true }).waitFor()
  }
  await page.locator('#search').fill('milk')
  await until(() => page.getByRole('heading', { level: 1 }).innerText(), '“milk” in Work')
  await page.getByRole('button', { name: 'Search everything' }).click()
  await until(() => titles(page), ['Buy milk'])
  await until(() => page.evaluate(() => document.activeElement.textContent), 'Buy milk')
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), '“milk”')
  assert.equal(await page.locator('#search').inputValue(), 'milk')
})

test('today has the number of all that is in it, and in words how much of that is overdue', async () => {
  const { page } = await signUp(await browser())
  const read = () => page.getByRole('link', { name: /^Today/ }).innerText()
  await put(page, [task('One', { due_date: day(0) }), task('Two', { due_date: day(0) })])
  await until(async () => (await read()).replace(/\s+/g, ' '), 'Today 2 due')
  await put(page, [task('Three', { due_date: day(-2) })])
  await until(async () => (await read()).replace(/\s+/g, ' '), 'Today 1 overdue 3 in all')
})

test('the dot of a task that waits is read out, and explained where one taps', async () => {
  const { page } = await signUp(await patient({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } }))
  await add(page, 'One')
  await until(() => titles(page), ['One'])
  await allIsSent(page)
  await page.context().setOffline(true)
  await add(page, 'Two')
  const title = row(page, 'Two').getByRole('button', { name: 'Two', exact: true })
  const described = (button) => document.getElementById(button.getAttribute('aria-describedby'))?.textContent
  await until(() => title.evaluate(described), 'Not sent yet')
  await page.getByRole('button', { name: 'Offline, 1 change waits' }).tap()
  await page.getByText('A dot is at each task that waits.').waitFor()
  await page.keyboard.press('Escape')
  await title.tap()
  await page.getByRole('dialog').getByText('Not sent yet. It is kept on this device.').waitFor()
  await page.context().setOffline(false)
  await page.getByRole('dialog').getByText(/^Created/).waitFor()
  assert.equal(await row(page, 'One').getByTitle('Not sent yet').count(), 0)
})
