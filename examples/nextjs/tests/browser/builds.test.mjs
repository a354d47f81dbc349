/** A new build while an older one is kept, and tabs of it are open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, allIsSent, another, browser, installed, patient, ready, signUp, titles, until } from './browser.mjs'

const OLD = '/_next/static/chunks/of-an-older-build.js'

/** As if an older build had been here: it has left a file. */
const leaveOld = (page) =>
  page.evaluate(async (old) => (await caches.open('shell')).put(old, new Response('')), OLD)
const isKept = (page, name) => page.evaluate(async (name) => Boolean(await caches.match(name)), name)
/** The worker has done what it began. */
const settled = (context) => context.serviceWorkers()[0].evaluate('latest')

test('files of older builds go when no other tab is open, and the page opens without a network', async () => {
  const context = await patient()
  const { page } = await signUp(context)
  await add(page, 'Buy milk')
  await allIsSent(page)
  await installed(page)
  const other = await another(context)
  await leaveOld(page)
  await page.reload()
  await ready(page)
  await settled(context)
  assert.ok(await isKept(page, OLD))
  await other.close()
  await page.reload()
  await until(() => isKept(page, OLD), false)
  await settled(context)
  await context.setOffline(true)
  await page.reload()
  await until(() => titles(page), ['Buy milk'])
  assert.ok(await page.evaluate(() => document.fonts.check('16px "Inter Variable"')))
})

test('a new page of which a file does not come leaves the one before, which opens without a network', async () => {
  const context = await patient()
  const { page } = await signUp(context)
  await add(page, 'Buy milk')
  await allIsSent(page)
  await installed(page)
  await context.serviceWorkers()[0].evaluate(() => {
    const real = globalThis.fetch
    globalThis.fetch = async (request) => {
      const answer = await real(request)
      if (request.mode !== 'navigate') return answer
      return new Response((await answer.text()) + '<i title="/_next/static/chunks/missing.js"></i>', answer)
    }
  })
  await page.reload()
  await ready(page)
  await settled(context)
  assert.ok(!(await page.evaluate(async () => (await caches.match('/tasks')).text())).includes('missing'))
  await context.setOffline(true)
  await page.reload()
  await until(() => titles(page), ['Buy milk'])
})

test('where nothing more can be kept, the page opens all the same', async () => {
  const context = await browser()
  const { page } = await signUp(context)
  await add(page, 'Buy milk')
  await allIsSent(page)
  await installed(page)
  await context.serviceWorkers()[0].evaluate(async () => {
    await caches.delete('shell')
    const full = () => Promise.reject(new DOMException('The quota has been exceeded.', 'QuotaExceededError'))
    Cache.prototype.put = Cache.prototype.addAll = full
  })
  await page.reload()
  await until(() => titles(page), ['Buy milk'])
  await context.serviceWorkers()[0].evaluate(() => (caches.open = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))))
  await page.reload()
  await until(() => titles(page), ['Buy milk'])
})
