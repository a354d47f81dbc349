/** An account that is erased while other devices use it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { add, allIsSent, browser, DATABASE_URL, PASSWORD, rows, signIn, signUp, titles, UNREACHABLE, until } from './browser.mjs'

/** What somebody hears who is gone, and what Duly says of changes that it does not have any more. */
const GONE = new RegExp(`40[13]|410|${UNREACHABLE.source}`)

async function erase(page) {
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('button', { name: 'Erase account' }).click()
  await page.getByLabel('Your password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Erase everything' }).click()
  await page.waitForURL('**/sign-in')
}

/** The tasks of a user, whether there still is one or not. */
async function left(id) {
  const database = new pg.Client({ connectionString: DATABASE_URL })
  await database.connect()
  const { rows } = await database.query('select title from duly.tasks where space_id = $1', [id])
  await database.end()
  return rows
}

test('another device does not bring an erased account back, though its token is good for a while', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'Secret')
  await allIsSent(page)
  const [{ id }] = await rows(email, 'select $1::text as id')
  const other = await signIn(await browser({}, GONE), email)
  const away = await browser({}, GONE)
  const late = await signIn(away, email)
  for (const each of [other, late]) await until(() => titles(each), ['Secret'])
  await away.setOffline(true)
  await add(late, 'Done without a network')
  await erase(page)
  await other.getByRole('link', { name: 'Signed out: sign in' }).waitFor()
  await add(other, 'Too late')
  await other.getByRole('link', { name: 'Sign in to send 1 change' }).waitFor()
  await away.setOffline(false)
  await late.getByRole('link', { name: 'Sign in to send 1 change' }).waitFor()
  assert.deepEqual(await left(id), [])
})
