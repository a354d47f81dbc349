import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, browser, row, rows, signUp, titles, until } from './browser.mjs'

const TITLES = [
  '<img src=x onerror="document.title=\'pwned\'">',
  '<script>document.title="pwned"</script>',
  '"><svg onload=alert(1)> & &amp; {{1}} ${1}',
  'javascript:alert(1)',
  '👩‍👩‍👧‍👦 Зоя 日本語 e\u0301',
  'قائمة المهام 123',
  'x'.repeat(500),
]

test('titles are text, whatever they are, and the page holds at 320 pixels', async () => {
  const { page, email } = await signUp(await browser({ viewport: { width: 320, height: 700 } }))
  page.on('dialog', () => assert.fail('something was executed'))
  await add(page, ...TITLES)
  await until(() => titles(page), TITLES)
  await allIsSent(page)
  const kept = await rows(email, 'select title from duly.tasks where space_id = $1 order by position collate "C"')
  assert.deepEqual(kept.map(({ title }) => title), TITLES)
  await holds(page, 'the list')

  for (const title of TITLES) {
    const task = row(page, title)
    await task.getByRole('checkbox').click() // the toast has the title
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(() => titles(page), TITLES)
    await holds(page, 'a toast')
    await task.getByRole('button', { name: title, exact: true }).focus()
    await page.keyboard.press('o')
    const details = page.getByRole('dialog')
    await details.waitFor()
    assert.ok((await texts(details)).includes(title))
    await holds(page, 'the details')
    await page.keyboard.press('Escape')
    await details.waitFor({ state: 'detached' })
  }
  assert.equal(await page.title(), 'Inbox · Duly')
})

test('a title from right to left begins on the right', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'قائمة المهام 123', 'Buy milk')
  await until(() => titles(page), ['قائمة المهام 123', 'Buy milk'])
  const directions = await page.locator('[id^="task-"]').evaluateAll((all) => all.map((each) => getComputedStyle(each).direction))
  assert.deepEqual(directions, ['rtl', 'ltr'])
})

/** What is said and can be changed there. */
const texts = (place) =>
  place.evaluate((element) => [...element.querySelectorAll('*')].map((each) => each.value ?? each.textContent))

/** Nothing is wider than the page. */
async function holds(page, where) {
  const { width, view } = await page.evaluate(() => ({ width: document.documentElement.scrollWidth, view: innerWidth }))
  assert.equal(width, view, `${where} is wider than the page`)
}
