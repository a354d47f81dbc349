import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, another, browser, call, row, signIn, signUp, titles, tokenOf, until } from './browser.mjs'

const AT_ONCE = 500 // milliseconds

test('a change from elsewhere shows within half a second while own writes hang', async (t) => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk')
  await allIsSent(page)
  const token = await tokenOf(page)
  let hanging = 0
  await page.route('**/sync', () => void hanging++)
  await add(page, 'On its way')
  await until(() => hanging > 0, true)
  await page.evaluate(watchRows)
  const took = []
  for (const title of ['One', 'Two', 'Three', 'Four', 'Five']) {
    // Both are of this machine's clock: the answer to whoever wrote it, and the row on the screen of this page.
    await call(token, 'POST', '/api/tasks', { title })
    const answered = Date.now()
    await row(page, title).waitFor()
    took.push((await page.evaluate((title) => globalThis.appeared[title], title)) - answered)
  }
  t.diagnostic(`from the answer to the row: ${took.join(', ')} ms`)
  assert.equal(await row(page, 'On its way').getByTitle('Not sent yet').count(), 1)
  assert.ok(Math.min(...took) <= AT_ONCE, `${took} ms`)
})

test('two windows of one browser and two devices end equal', async () => {
  const home = await browser()
  const { page, email } = await signUp(home)
  const pages = [page, await another(home), await signIn(await browser(), email)]
  await Promise.all(pages.map((each, index) => add(each, ...['a', 'b', 'c'].map((name) => `${name}${index}`))))
  const all = ['a', 'b', 'c'].flatMap((name) => [0, 1, 2].map((index) => `${name}${index}`))
  for (const each of pages) await until(async () => (await titles(each)).sort(), all)
  // All three order, tick and rename at once.
  const [first, second, third] = pages
  await Promise.all([
    row(first, 'a0').getByRole('checkbox').click(),
    row(second, 'b1').getByRole('button', { name: 'b1', exact: true }).focus().then(() => second.keyboard.press('Alt+ArrowUp')),
    rename(third, 'c2', 'renamed'),
  ])
  const left = all.filter((title) => title !== 'a0').map((title) => (title === 'c2' ? 'renamed' : title)).sort()
  for (const each of pages) await until(async () => (await titles(each)).sort(), left)
  for (const each of pages) await allIsSent(each)
  const wanted = await titles(first)
  for (const each of [second, third]) await until(() => titles(each), wanted)
})

async function rename(page, title, other) {
  await row(page, title).getByRole('button', { name: title, exact: true }).click()
  await page.getByRole('textbox', { name: 'Title' }).fill(other)
  await page.keyboard.press('Enter')
}

/** In the page: note when a title appears first, in milliseconds since 1970. */
function watchRows() {
  globalThis.appeared = {}
  const look = () => {
    for (const { textContent } of document.querySelectorAll('[id^="task-"]')) globalThis.appeared[textContent] ??= Date.now()
  }
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
}
