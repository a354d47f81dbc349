import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, barriers, browser, FRONTEND, row, rows, signIn, signUp, titles, until } from './browser.mjs'

test('a signed-out visitor is sent to sign in', async () => {
  const page = await (await browser()).newPage()
  await page.goto(`${FRONTEND}/tasks?view=today`)
  assert.equal(new URL(page.url()).pathname, '/sign-in')
  assert.deepEqual(await barriers(page), [])
})

test('somebody signs up, adds a task and finds it on another device', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'Buy milk tomorrow #errands')
  await until(() => titles(page), ['Buy milk'])
  const elsewhere = await signIn(await browser(), email)
  await until(() => titles(elsewhere), ['Buy milk'])
  await row(elsewhere, 'Buy milk').getByRole('checkbox').click()
  await until(() => titles(page), [])
  const kept = await rows(email, 'select title, completed_at is not null as done, tags from duly.tasks where space_id = $1')
  assert.deepEqual(kept, [{ title: 'Buy milk', done: true, tags: ['errands'] }])
})

test('a password that is sent before there is JavaScript does not come into the address', async () => {
  for (const path of ['sign-in', 'sign-up']) {
    const page = await (await browser({ javaScriptEnabled: false }, /csp$/)).newPage()
    await page.goto(`${FRONTEND}/${path}`)
    if (path === 'sign-up') await page.getByLabel('Name').fill('Alice')
    await page.getByLabel('E-mail').fill('alice@example.com')
    await page.getByLabel('Password').fill('correct horse')
    const [request] = await Promise.all([
      page.waitForRequest((each) => each.isNavigationRequest()),
      page.getByRole('button', { name: path === 'sign-in' ? 'Sign in' : 'Create account' }).click(),
    ])
    assert.equal(request.url(), `${FRONTEND}/${path}`)
  }
})

test('under another address of this machine one is told where one signs in', async () => {
  const page = await (await browser({}, /403/)).newPage()
  const here = FRONTEND.replace('127.0.0.1', 'localhost')
  await page.goto(`${here}/sign-in`)
  await page.getByLabel('E-mail').fill('alice@example.com')
  await page.getByLabel('Password').fill('correct horse')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText(`One signs in at ${FRONTEND}, and this page is at ${here}.`).waitFor()
})
