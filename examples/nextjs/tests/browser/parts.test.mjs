/** The order of what a task is made of, in its details. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, call, row, signUp, titles, tokenOf, until } from './browser.mjs'
import { put, task } from './data.mjs'

/** The details of a task of three parts, the second of which is done. */
async function open(options) {
  const { page } = await signUp(await browser(options))
  const trip = task('Plan the trip')
  const part = (title, more) => task(title, { parent_id: trip.id, ...more })
  await put(page, [trip, part('Tickets'), part('Hotel', { completed: true }), part('Packing')])
  await until(() => titles(page), ['Plan the trip', 'Tickets', 'Packing'])
  await row(page, 'Plan the trip').getByRole('button', { name: 'Plan the trip', exact: true }).focus()
  await page.keyboard.press('o')
  const details = page.getByRole('dialog', { name: 'Task' })
  await details.getByText('1 of 3').waitFor()
  const token = await tokenOf(page)
  return {
    page,
    details,
    /** The sheet and Duly have this order. */
    async are(...wanted) {
      await until(() => details.locator('[id^="part-"]').allTextContents(), wanted)
      await until(async () => (await call(token, 'GET', `/api/tasks?sort=position&parent_id=${trip.id}`)).map(({ title }) => title), wanted)
    },
  }
}

/** Where the handle of a part is, and the upper edge of another one. */
async function points(details, from, to) {
  const item = (title) => details.locator('li').filter({ has: details.page().getByRole('button', { name: title, exact: true }) })
  await item(from).hover()
  const [grip, goal] = [await item(from).locator('[data-grip]').boundingBox(), await item(to).boundingBox()]
  return [{ x: grip.x + grip.width / 2, y: grip.y + grip.height / 2 }, goal.y + 4]
}

test('parts are ordered with a mouse, also those that are done, and it can be taken back', async () => {
  const { page, details, are } = await open()
  for (const part of ['Hotel', 'Packing']) {
    const [start, end] = await points(details, part, 'Tickets')
    await page.mouse.move(start.x, start.y)
    await page.mouse.down()
    await page.mouse.move(start.x, end, { steps: 4 })
    await page.mouse.up()
    if (part === 'Hotel') await are('Hotel', 'Tickets', 'Packing')
  }
  await are('Hotel', 'Packing', 'Tickets')
  await page.getByRole('button', { name: 'Undo' }).click()
  await are('Hotel', 'Tickets', 'Packing')
})

test('parts are ordered with a finger', async () => {
  const { page, details, are } = await open({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } })
  await details.getByText('History').scrollIntoViewIfNeeded() // away from the edge, where the sheet would scroll
  const fingers = await page.context().newCDPSession(page)
  const touch = (type, ...touchPoints) => fingers.send('Input.dispatchTouchEvent', { type, touchPoints })
  const [start, end] = await points(details, 'Packing', 'Tickets')
  await touch('touchStart', start)
  for (const part of [0.3, 0.6, 1]) await touch('touchMove', { x: start.x, y: start.y + (end - start.y) * part })
  await touch('touchEnd')
  await are('Packing', 'Tickets', 'Hotel')
})

test('parts are ordered by keys, the focus goes along, and where one cannot go is said', async () => {
  const { page, details, are } = await open()
  await details.getByRole('button', { name: 'Packing', exact: true }).focus()
  await page.keyboard.press('Alt+ArrowUp')
  await are('Packing', 'Tickets', 'Hotel')
  const focused = () => page.evaluate(() => document.activeElement.textContent)
  await until(focused, 'Packing')
  await page.keyboard.press('Alt+ArrowUp')
  await details.getByText('It cannot be moved there').waitFor()
  await page.keyboard.press('Alt+ArrowDown')
  await are('Tickets', 'Packing', 'Hotel')
  assert.equal(await focused(), 'Packing')
})

test('a part that is held at the edge of the sheet scrolls the sheet, and not the page behind it', async () => {
  const { page, details } = await open({ viewport: { width: 1200, height: 500 } })
  for (let count = 0; count < 12; count++) {
    await details.getByLabel('Add a subtask').fill(`Part ${count}`)
    await page.keyboard.press('Enter')
  }
  await details.getByText('Part 11', { exact: true }).waitFor()
  await details.getByRole('button', { name: 'Tickets', exact: true }).scrollIntoViewIfNeeded()
  const sheet = details.locator('.overflow-y-auto')
  const before = await sheet.evaluate((element) => element.scrollTop)
  const [start] = await points(details, 'Tickets', 'Tickets')
  await page.mouse.move(start.x, start.y)
  await page.mouse.down()
  await page.mouse.move(start.x, 430, { steps: 4 })
  await until(async () => (await sheet.evaluate((element) => element.scrollTop)) > before + 50, true)
  await page.mouse.up()
  assert.equal(await page.evaluate(() => scrollY), 0)
})
