/** What is said with each answer, and about addresses that are no page. Without a browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, FRONTEND, signUp } from './browser.mjs'

const ask = (path) => fetch(`${FRONTEND}${path}`, { redirect: 'manual' })

test('who is signed out goes from the page of tasks to where one signs in, and from nowhere else', async () => {
  const answer = await ask('/tasks?list=work')
  assert.deepEqual([answer.status, answer.headers.get('location')], [307, '/sign-in'])
  for (const path of ['/tasksomething', '/tasks/1']) assert.equal((await ask(path)).status, 404, path)
})

test('every page has a policy that lets in no foreign script and no frame, also one that is not there', async () => {
  const pages = ['/sign-in', '/nowhere', '/sw.jsx', '/icon.svg/more', '/icon_svg', '/api/nowhere', '/_next/staticfile']
  const nonces = new Set()
  for (const path of pages) {
    const { headers } = await ask(path)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /frame-ancestors 'none'/, path)
    nonces.add(/'nonce-([^']+)'/.exec(policy)?.[1])
    assert.match(headers.get('cache-control'), /no-store/, path)
  }
  assert.equal(nonces.size, pages.length)
})

test('no answer is taken for something else, or says to others where somebody was', async () => {
  for (const path of ['/sign-in', '/sw.js', '/icon.svg', '/api/auth/ok', '/nowhere']) {
    const { headers } = await ask(path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('referrer-policy'), 'same-origin', path)
  }
})

test('nobody between keeps a token', async () => {
  const context = await browser()
  await signUp(context)
  for (const path of ['token', 'get-session']) {
    const answer = await context.request.get(`${FRONTEND}/api/auth/${path}`)
    assert.equal(answer.status(), 200)
    assert.match(answer.headers()['cache-control'] ?? '', /no-store/, path)
  }
})
