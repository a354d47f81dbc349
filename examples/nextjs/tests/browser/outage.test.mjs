import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, test } from 'node:test'
import { add, allIsSent, browser, DULY, patient, rows, signUp, titles, until } from './browser.mjs'

const sent = async (email) =>
  (await rows(email, 'select title from duly.tasks where space_id = $1 order by title')).map(({ title }) => title)

/** Whatever listens where Duly is. */
const duly = execFileSync('lsof', ['-t', '-sTCP:LISTEN', `-iTCP:${new URL(DULY).port}`], { encoding: 'utf8' }).trim().split('\n').map(Number)
const signal = (name) => duly.forEach((pid) => process.kill(pid, name))
after(() => signal('SIGCONT'))

/** What is being typed, and where the cursor is. */
const typing = (page) =>
  page.evaluate(() => {
    const { id, value, selectionStart } = document.activeElement
    return { id, value, selectionStart }
  })

test('Duly stands still while somebody types: nothing is lost, and the cursor stays', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'Before')
  await allIsSent(page)
  await page.locator('#quick-add').pressSequentially('Written wh')
  signal('SIGSTOP')
  await page.keyboard.type('ile it stands')
  await page.keyboard.press('Enter')
  await until(() => titles(page), ['Before', 'Written while it stands'])
  await page.getByRole('button', { name: '1 change waits' }).waitFor()
  await page.keyboard.type('Half a sentence')
  for (let count = 0; count < 8; count++) await page.keyboard.press('ArrowLeft')
  const wanted = { id: 'quick-add', value: 'Half a sentence', selectionStart: 7 }
  assert.deepEqual(await typing(page), wanted)
  assert.deepEqual(await sent(email), ['Before'])
  signal('SIGCONT')
  await allIsSent(page)
  await page.getByRole('button', { name: '1 change waits' }).waitFor({ state: 'detached' })
  assert.deepEqual(await typing(page), wanted)
  assert.deepEqual(await sent(email), ['Before', 'Written while it stands'])
})

test('Duly cannot be reached for a while: the page says how much waits, and sends it afterwards', async () => {
  const { page, email } = await signUp(await patient())
  await add(page, 'Before')
  await allIsSent(page)
  await page.route(`${DULY}/**`, (route) => route.abort('connectionrefused'))
  await add(page, 'One', 'Two')
  await page.getByRole('button', { name: 'Offline, 2 changes wait' }).waitFor()
  // A title that is being changed in its place.
  await page.getByRole('button', { name: 'Before', exact: true }).click()
  const editor = page.getByRole('textbox', { name: 'Title' })
  await editor.press('End')
  await editor.pressSequentially(' and after')
  await page.unroute(`${DULY}/**`)
  await allIsSent(page)
  await page.getByRole('button', { name: /^Offline/ }).waitFor({ state: 'detached' })
  assert.deepEqual(await typing(page), { id: '', value: 'Before and after', selectionStart: 16 })
  await editor.press('Enter')
  await until(() => titles(page), ['Before and after', 'One', 'Two'])
  await allIsSent(page)
  assert.deepEqual(await sent(email), ['Before and after', 'One', 'Two'])
})
