import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { add, allIsSent, another, FRONTEND, installed, patient, profiled, ready, row, rows, signUp, titles, until } from './browser.mjs'

/** Titles as PostgreSQL has them, each as often as it is there. */
const sent = async (email) =>
  (await rows(email, 'select title from duly.tasks where space_id = $1 order by title')).map(({ title }) => title)

test('what is done offline survives a reload, and is sent once', async () => {
  const context = await patient()
  const { page, email } = await signUp(context)
  await add(page, 'Buy milk', 'Call Bob')
  await allIsSent(page)
  await installed(page)
  await context.setOffline(true)
  await add(page, 'Water the plants')
  await row(page, 'Buy milk').getByRole('checkbox').click()
  await until(() => titles(page), ['Call Bob', 'Water the plants'])
  await page.reload()
  await ready(page)
  await until(() => titles(page), ['Call Bob', 'Water the plants'])
  assert.deepEqual(await sent(email), ['Buy milk', 'Call Bob'])
  await context.setOffline(false)
  await allIsSent(page)
  assert.deepEqual(await sent(email), ['Buy milk', 'Call Bob', 'Water the plants'])
  const done = await rows(email, 'select title from duly.tasks where space_id = $1 and completed_at is not null')
  assert.deepEqual(done, [{ title: 'Buy milk' }])
})

test('what two tabs did offline is sent by the one that is left', async () => {
  const context = await patient()
  const { page: leader, email } = await signUp(context)
  const follower = await another(context)
  await context.setOffline(true)
  await add(leader, 'From the leader')
  await add(follower, 'From the follower')
  for (const page of [leader, follower]) await until(() => titles(page), ['From the leader', 'From the follower'])
  await leader.close()
  await context.setOffline(false)
  await allIsSent(follower)
  assert.deepEqual(await sent(email), ['From the follower', 'From the leader'])
})

test('what was done offline outlives a browser that is killed', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'profile-'))
  // A browser writes cookies down when it likes, at the latest when it ends: so this user has been here before.
  const before = await profiled(folder)
  const { page: first, email } = await signUp(before)
  await installed(first)
  await before.close()

  const killed = await profiled(folder)
  const page = await another(killed)
  await killed.setOffline(true)
  await add(page, 'Before the end', 'Just before the end')
  await until(() => titles(page), ['Before the end', 'Just before the end'])
  const ended = new Promise((end) => killed.on('close', end))
  for (const pid of processes(folder)) process.kill(pid, 'SIGKILL')
  await ended

  const context = await profiled(folder, { offline: true })
  const again = await context.newPage()
  await again.goto(`${FRONTEND}/tasks`)
  await until(() => titles(again), ['Before the end', 'Just before the end'])
  assert.deepEqual(await sent(email), [])
  await context.setOffline(false)
  await allIsSent(again)
  assert.deepEqual(await sent(email), ['Before the end', 'Just before the end'])
  await context.close()
  await rm(folder, { recursive: true })
})

test('a change whose answer is lost is sent again, and done once', async () => {
  const context = await patient()
  const { page, email } = await signUp(context)
  let requests = 0
  await page.route('**/sync', async (route) => {
    const answer = await route.fetch()
    if (requests++) await route.fulfill({ response: answer })
    else await route.abort()
  })
  await add(page, 'Pay the rent')
  await allIsSent(page)
  assert.ok(requests > 1)
  assert.deepEqual(await sent(email), ['Pay the rent'])
})

/** The processes of the browser that has this profile, the first one first. */
const processes = (folder) =>
  execFileSync('pgrep', ['-f', '--', `--user-data-dir=${folder}`], { encoding: 'utf8' }).trim().split('\n').map(Number)
