/** What somebody sees who looks at where things are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, browser, row, signUp } from './browser.mjs'

/** Whether the middle of one box is that of another, but for a line between them. */
const isCentred = (one, other) => Math.abs(one.x + one.width / 2 - other.x - other.width / 2) <= 1
const message = (page, text) => page.getByText(text, { exact: true }).locator('..')

test('a message is in the middle of the list, and of a sheet above its foot', async () => {
  for (const width of [1200, 700]) {
    const { page } = await signUp(await browser({ viewport: { width, height: 800 } }))
    await add(page, 'One')
    await row(page, 'One').getByRole('button', { name: 'One', exact: true }).focus()
    await page.keyboard.press('t')
    const said = await message(page, 'Due today').boundingBox()
    assert.ok(isCentred(said, await page.locator('main').boundingBox()))
    await page.keyboard.press('o')
    const details = page.getByRole('dialog', { name: 'Task' })
    await details.getByRole('button', { name: 'Tomorrow' }).click()
    const above = await message(page, 'Due Tomorrow').boundingBox()
    const foot = await details.locator('footer').boundingBox()
    assert.ok(isCentred(above, foot))
    assert.ok(above.y + above.height <= foot.y)
  }
})

test('there is a line above the first row, as below each', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One')
  const lines = await row(page, 'One').evaluate((item) => [
    ...[getComputedStyle(item.parentElement), getComputedStyle(item.firstElementChild)].map((style) => `${style.borderTopWidth} ${style.borderBottomWidth}`),
  ])
  assert.deepEqual(lines, ['1px 0px', '0px 1px'])
})

test('a choice has one light arrow, wherever it is', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'One')
  await row(page, 'One').getByRole('button', { name: 'One', exact: true }).focus()
  await page.keyboard.press('o')
  await page.getByRole('dialog', { name: 'Task' }).waitFor()
  const looks = await page.locator('select').evaluateAll((all) =>
    all.map((each) => getComputedStyle(each)).map(({ appearance, backgroundImage, paddingRight }) => [appearance, backgroundImage.slice(0, 8), paddingRight]),
  )
  assert.ok(looks.length >= 5) // those of the filters as well
  for (const look of looks) assert.deepEqual(look, ['none', 'url("dat', '28px'])
})
