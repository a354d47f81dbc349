import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, another, browser, call, FRONTEND, row, signUp, titles, tokenOf, until } from './browser.mjs'

const TITLES = ['One', 'Two', 'Three', 'Four']

/** Two windows of somebody with four tasks, and Duly. */
async function windows(options) {
  const context = await browser(options)
  const { page } = await signUp(context)
  await add(page, ...TITLES)
  const token = await tokenOf(page)
  const other = await another(context)
  await until(() => titles(other), TITLES)
  await page.bringToFront() // one behind another draws nothing
  return {
    page,
    /** Both windows and Duly have this order. */
    async are(...wanted) {
      await until(() => titles(page), wanted)
      await until(() => titles(other), wanted)
      await until(() => kept(token), wanted)
    },
  }
}

/** The order of Duly: each task, and its parts below it. */
async function kept(token) {
  const all = await call(token, 'GET', '/api/tasks?sort=position')
  const below = (parent) => all.filter(({ parent_id }) => parent_id === parent).flatMap(({ id, title }) => [title, ...below(id)])
  return below(null)
}

/** A point of it: so far down, of 1. */
const point = async (locator, down = 0.5) => {
  const { x, y, width, height } = await locator.boundingBox()
  return { x: x + width / 2, y: y + height * down }
}
const grip = (page, title) => row(page, title).locator('[data-grip]')

/** Hold it there: beyond the middle of a row takes its place. */
async function drag(page, from, to, beyond = 0.8) {
  await row(page, from).hover()
  const [start, end] = [await point(grip(page, from)), await point(row(page, to), beyond)]
  await page.mouse.move(start.x, start.y)
  await page.mouse.down()
  await page.mouse.move(start.x, (start.y + end.y) / 2)
  await page.mouse.move(start.x, end.y, { steps: 4 })
}

test('tasks are ordered with a mouse, and Escape leaves them as they were', async () => {
  const { page, are } = await windows()
  await drag(page, 'One', 'Three')
  await page.mouse.up()
  await are('Two', 'Three', 'One', 'Four')
  await drag(page, 'Four', 'Two', 0.2)
  await page.mouse.up()
  await until(() => titles(page), ['Four', 'Two', 'Three', 'One'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await are('Two', 'Three', 'One', 'Four')
  await drag(page, 'Two', 'One')
  await page.keyboard.press('Escape')
  await page.mouse.up()
  await until(() => row(page, 'Two').evaluate((element) => element.style.transform), '')
  await are('Two', 'Three', 'One', 'Four')
})

test('tasks are ordered with a finger', async () => {
  const { page, are } = await windows({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } })
  const fingers = await page.context().newCDPSession(page)
  const touch = (type, ...touchPoints) => fingers.send('Input.dispatchTouchEvent', { type, touchPoints })
  const [start, end] = [await point(grip(page, 'Four')), await point(row(page, 'Two'), 0.2)]
  await touch('touchStart', start)
  for (const part of [0.3, 0.6, 1]) await touch('touchMove', { x: start.x, y: start.y + (end.y - start.y) * part })
  await touch('touchEnd')
  await are('One', 'Four', 'Two', 'Three')
})

test('tasks are ordered by keys and by the menu, and where they cannot go is said', async () => {
  const { page, are } = await windows()
  const title = (name) => row(page, name).getByRole('button', { name, exact: true })
  await title('Three').focus()
  await page.keyboard.press('Alt+ArrowUp')
  await page.keyboard.press('Alt+ArrowUp')
  await are('Three', 'One', 'Two', 'Four')
  await page.keyboard.press('Alt+ArrowUp')
  await page.getByText('It cannot be moved there').waitFor()
  await until(() => title('Three').evaluate((element) => element === document.activeElement), true)
  await row(page, 'One').getByRole('button', { name: 'More for One' }).click()
  await page.getByRole('button', { name: 'Move down' }).click()
  await are('Three', 'Two', 'One', 'Four')
  await row(page, 'Four').getByRole('button', { name: 'More for Four' }).click()
  await page.getByRole('button', { name: 'Make it a part of the one above' }).click()
  await row(page, 'One').getByText('0/1').waitFor()
  await title('One').focus()
  await page.keyboard.press('Alt+ArrowUp') // its part goes along
  await are('Three', 'One', 'Four', 'Two')
})

test('keys that follow each other quickly are done in their order, and taken back from the last one', async () => {
  const { page, are } = await windows()
  await row(page, 'One').getByRole('button', { name: 'One', exact: true }).focus()
  await page.evaluate(() => {
    for (const [key, altKey] of [['ArrowDown', true], ['ArrowDown', true], ['t', false]])
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, altKey, bubbles: true, cancelable: true }))
  })
  await are('Two', 'Three', 'One', 'Four')
  await row(page, 'One').getByText('Today').waitFor()
  await page.keyboard.press('Control+z')
  await row(page, 'One').getByText('Today').waitFor({ state: 'detached' })
  await are('Two', 'Three', 'One', 'Four')
})

test('where tasks are not in an order of their own, keys and menu move nothing, and it is said', async () => {
  const { page, are } = await windows()
  for (const where of ['?view=all', '?sort=title', '?q=o']) {
    await page.goto(`${FRONTEND}/tasks${where}`)
    const two = row(page, 'Two').getByRole('button', { name: 'Two', exact: true })
    await two.focus()
    for (const key of ['Alt+ArrowUp', 'Alt+ArrowRight']) {
      await page.keyboard.press(key)
      await page.getByText('Only a list that is in the order of your own can be ordered').waitFor()
      await page.getByRole('button', { name: 'Dismiss' }).click()
    }
    await page.getByRole('button', { name: 'More for Two' }).click()
    await page.locator(':popover-open').getByRole('button', { name: 'Delete' }).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Move|^Make/ }).count(), 0)
    await page.keyboard.press('Escape')
  }
  await page.goto(`${FRONTEND}/tasks`)
  await are('One', 'Two', 'Three', 'Four')
  assert.equal(await row(page, 'One').getByText('0/1').count(), 0)
})
