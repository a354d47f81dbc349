/** A phone: what a finger does, and what is read out there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, browser, row, signUp, titles, until } from './browser.mjs'

const PHONE = { hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } }

const title = (page, name) => row(page, name).getByRole('button', { name, exact: true })
const details = (page) => page.getByRole('dialog', { name: 'Task' })

async function close(page) {
  await page.getByRole('button', { name: 'Close' }).tap()
  await details(page).waitFor({ state: 'detached' })
}

test('a row is its title, and all that its menu does elsewhere is in the details', async () => {
  const { page } = await signUp(await browser(PHONE))
  await add(page, 'One', 'Two', 'Three')
  await allIsSent(page) // the dot is gone
  const { width } = await title(page, 'Two').boundingBox()
  assert.ok(width >= 240, `${width} of 360 pixels are the title's`)
  assert.equal(await page.getByRole('button', { name: /^More for/ }).count(), 0)

  for (const [action, order] of [
    ['Move up', ['Two', 'One', 'Three']],
    ['Move down', ['One', 'Two', 'Three']],
    ['Make it a part of the one above', ['One', 'Two', 'Three']],
    ['Move out', ['One', 'Two', 'Three']],
  ]) {
    await title(page, 'Two').tap()
    await details(page).getByRole('button', { name: 'Move this task' }).tap()
    await page.locator(':popover-open').getByRole('button', { name: action }).tap()
    await details(page).getByRole('button', { name: 'Undo' }).waitFor() // it says so: the list is behind it
    await close(page)
    await until(() => titles(page), order)
    const parts = action.startsWith('Make') ? 1 : 0
    await until(() => row(page, 'One').getByText('0/1').count(), parts)
  }

  await title(page, 'Two').tap()
  await details(page).getByRole('button', { name: 'Tomorrow' }).tap()
  await details(page).getByRole('button', { name: 'No date' }).tap()
  await until(() => page.evaluate(() => document.activeElement.textContent), 'Today')
  await details(page).getByRole('button', { name: 'Delete' }).tap()
  await until(() => titles(page), ['One', 'Three'])
})

test('where a task cannot go, the menu does not offer it', async () => {
  const { page } = await signUp(await browser(PHONE))
  await add(page, 'One', 'Two')
  const offered = async (name) => {
    await title(page, name).tap()
    await details(page).getByRole('button', { name: 'Move this task' }).tap()
    const all = await page.locator(':popover-open button span').allInnerTexts()
    await page.keyboard.press('Escape')
    await close(page)
    return all
  }
  assert.deepEqual(await offered('One'), ['Move down'])
  assert.deepEqual(await offered('Two'), ['Move up', 'Make it a part of the one above'])
})

test('what reads the screen clicks without a finger, and opens the details as well', async () => {
  const { page } = await signUp(await browser(PHONE))
  await add(page, 'One')
  await title(page, 'One').evaluate((button) => button.click())
  await details(page).waitFor()
})

test('a keyboard beside a phone orders too', async () => {
  const { page } = await signUp(await browser(PHONE))
  await add(page, 'One', 'Two')
  await title(page, 'Two').focus()
  await page.keyboard.press('Alt+ArrowUp')
  await until(() => titles(page), ['Two', 'One'])
})

test('the days of one tap are in one line, high enough for it, and apart', async () => {
  const { page } = await signUp(await browser(PHONE))
  await add(page, 'One')
  await title(page, 'One').tap()
  const boxes = await details(page).locator('[aria-pressed]').evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON()))
  assert.equal(boxes.length, 4)
  assert.equal(new Set(boxes.map(({ top }) => top)).size, 1)
  for (const { height } of boxes) assert.ok(height >= 43.5 && height < 60, `${height} pixels high`)
  for (const [at, { right }] of boxes.slice(0, -1).entries()) assert.ok(boxes[at + 1].left - right >= 6)
})

test('with text of twice the size on 320 pixels all can be read and reached', async () => {
  const { page } = await signUp(await browser({ ...PHONE, viewport: { width: 320, height: 640 } }))
  await add(page, 'Prepare the quarterly review today', 'Water the plants')
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
  const box = (locator) => locator.boundingBox()
  const isOnScreen = async (locator) => {
    const { x, width } = await box(locator)
    assert.ok(x >= 0 && x + width <= 320, `${x} to ${x + width} of 320 pixels`)
  }
  assert.ok((await box(title(page, 'Prepare the quarterly review'))).width >= 160, 'a title has most of the row')
  await page.getByRole('button', { name: 'Order and filters' }).tap()
  await isOnScreen(page.locator('#filters'))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Lists' }).tap()
  const name = page.getByRole('link', { name: /^Today/ }).getByText('Today', { exact: true })
  assert.ok(await name.evaluate((text) => text.scrollWidth <= text.clientWidth), 'the name of a view is whole')
  await page.keyboard.press('Escape')
  await title(page, 'Water the plants').tap()
  const [said, move] = [details(page).getByText(/^Created/), details(page).getByRole('button', { name: 'Move this task' })]
  const [words, button] = [await box(said), await box(move)]
  assert.ok(words.y + words.height <= button.y || words.x + words.width <= button.x, 'what is said is not below a button')
  await details(page).getByRole('button', { name: 'Delete' }).tap()
  assert.ok((await box(page.getByText('Deleted “Water the plants”'))).width >= 160, 'a message has whole words in a line')
})
