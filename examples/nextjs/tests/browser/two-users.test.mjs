import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { add, allIsSent, another, browser, FRONTEND, installed, patient, profiled, rows, signIn, signUp, titles, until } from './browser.mjs'

const SECRET = 'Secret of Alice'

const sent = async (email) =>
  (await rows(email, 'select title from duly.tasks where space_id = $1 order by title')).map(({ title }) => title)

async function chooseSignOut(page) {
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
}

async function signOut(page) {
  await chooseSignOut(page)
  await page.waitForURL(`${FRONTEND}/sign-in`)
}

/** What a browser has of whoever used the application. */
const left = (page) =>
  page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    kept: Object.keys(localStorage),
    pages: await Promise.all((await caches.keys()).map(async (name) => Boolean(await (await caches.open(name)).match('/tasks')))),
  }))

const NOTHING = { databases: [], kept: [] }

/** At no moment in the life of a page is there a word of it, however short it is shown. */
async function watchFor(context, secret) {
  await context.exposeFunction('seen', (text) => (secrets.push(text), undefined))
  const secrets = []
  await context.addInitScript((secret) => {
    const look = () => document.documentElement?.textContent.includes(secret) && globalThis.seen(location.href)
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true })
  }, secret)
  return secrets
}

test('whoever signs out leaves nothing behind, in no tab', async () => {
  const context = await browser()
  const { page, email } = await signUp(context)
  const other = await another(context)
  await add(page, SECRET)
  await until(() => titles(other), [SECRET])
  await allIsSent(page)
  await installed(page)
  // As a page leaves it that is closed at the moment in which something is done.
  await page.evaluate(() => {
    const { id } = JSON.parse(localStorage.getItem('user'))
    localStorage.setItem(`wish ${id} 1`, '{"type":"task.create"}')
  })
  await signOut(page)
  await other.waitForURL(`${FRONTEND}/sign-in`)
  await until(async () => {
    const { pages, ...rest } = await left(page)
    assert.ok(!pages.includes(true), 'the page of tasks is kept')
    return rest
  }, NOTHING)
  for (const each of [page, other]) {
    await each.goBack()
    await each.waitForURL(`${FRONTEND}/sign-in`)
    assert.ok(!(await each.content()).includes(SECRET))
  }
  assert.deepEqual(await sent(email), [SECRET])
})

test('the next user of a browser sees nothing of the one before', async () => {
  const context = await patient()
  const { page, email } = await signUp(context)
  await add(page, SECRET)
  await allIsSent(page)
  await installed(page)
  const open = await another(context) // which Alice leaves open
  await signOut(page)
  const secrets = await watchFor(context, SECRET)
  const { page: bobs } = await signUp(context, 'Bob')
  await add(bobs, 'Of Bob')
  await allIsSent(bobs)
  await bobs.reload()
  await until(() => titles(bobs), ['Of Bob'])
  await open.goto(`${FRONTEND}/tasks`)
  await until(() => titles(open), ['Of Bob'])
  await installed(bobs)
  await context.setOffline(true)
  for (const each of [bobs, open]) {
    await each.reload()
    await until(() => titles(each), ['Of Bob'])
  }
  await context.setOffline(false)
  await allIsSent(bobs)
  assert.equal((await left(bobs)).databases.length, 1)
  assert.deepEqual(secrets, [])
  assert.deepEqual(await sent(email), [SECRET])
})

test('a tab of somebody whose session ended shows them no more when another user signs in', async () => {
  const context = await browser({}, /401|403/)
  const { page: alices, email } = await signUp(context)
  await add(alices, SECRET)
  await allIsSent(alices)
  await rows(email, 'delete from session where "userId" = $1')
  const { page: bobs } = await signUp(context, 'Bob')
  await add(bobs, 'Of Bob')
  await until(() => titles(alices), ['Of Bob'])
  assert.ok(!(await alices.content()).includes(SECRET))
})

test('a page that comes back from the memory of the browser shows nothing of the user before', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'profile-'))
  // For tests this memory is off, unless one asks for it.
  const context = await profiled(folder, { ignoreDefaultArgs: ['--disable-back-forward-cache'] })
  const { page, email } = await signUp(context)
  await add(page, SECRET)
  await allIsSent(page)
  await rows(email, 'delete from session where "userId" = $1')
  await page.goto(`${FRONTEND}/sign-up`)
  await page.getByLabel('Name').fill('Bob')
  await page.getByLabel('E-mail').fill(`after-${email}`)
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Create account' }).click()
  await add(page, 'Of Bob')
  await allIsSent(page)
  await page.goBack()
  await page.goBack()
  await page.getByRole('button', { name: 'Of Bob', exact: true }).waitFor()
  await until(() => titles(page), ['Of Bob'])
  assert.ok(!(await page.content()).includes(SECRET))
  await context.close()
  await rm(folder, { recursive: true })
})

test('what is not sent is asked about before somebody signs out', async () => {
  const context = await patient()
  const { page, email } = await signUp(context)
  await add(page, 'Sent')
  await allIsSent(page)
  await context.setOffline(true)
  await add(page, 'Kept', 'Kept too')
  await until(() => titles(page), ['Sent', 'Kept', 'Kept too'])
  await chooseSignOut(page)
  const question = page.getByRole('dialog', { name: '2 changes are not sent yet' })
  await question.waitFor()
  await question.press('Escape')
  await question.waitFor({ state: 'detached' })
  await until(() => titles(page), ['Sent', 'Kept', 'Kept too'])
  await chooseSignOut(page)
  await page.getByRole('button', { name: 'Send, then sign out' }).click()
  await context.setOffline(false)
  await page.waitForURL(`${FRONTEND}/sign-in`)
  assert.deepEqual(await sent(email), ['Kept', 'Kept too', 'Sent'])
  const { pages: _pages, ...rest } = await left(page)
  assert.deepEqual(rest, NOTHING)
})

test('what somebody discards is gone, and was never sent', async () => {
  const context = await patient()
  const { page, email } = await signUp(context)
  await page.route('**/sync', (route) => route.abort())
  await add(page, 'Discarded')
  await until(() => titles(page), ['Discarded'])
  await chooseSignOut(page)
  await page.getByRole('button', { name: 'Discard and sign out' }).click()
  await page.waitForURL(`${FRONTEND}/sign-in`)
  const again = await signIn(context, email)
  await until(() => titles(again), [])
  assert.deepEqual(await sent(email), [])
})
