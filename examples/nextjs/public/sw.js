// The shell of the application, so that it opens without a network. Tasks are in IndexedDB, never here.
const SHELL = 'shell'
const PAGE = '/tasks'
const PATIENCE = 3_000 // milliseconds for a page to come, when an older one is here
const FILES = /\/_next\/static\/[^"\\]+/g // in the text of a page

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
// A page says what it was made of: some of it may have come before this worker.
addEventListener('message', (event) => event.waitUntil(inTurn(() => opened(event.data))))
addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== location.origin) return
  const answer = isFile(pathname) ? file(event) : mode === 'navigate' && pathname === PAGE ? page(event) : null
  // Where nothing can be kept, all comes from the network.
  if (answer) event.respondWith(answer.catch(() => fetch(event.request)))
})

const isFile = (pathname) => pathname.startsWith('/_next/static/') || pathname === '/icon.svg'
const shell = () => caches.open(SHELL)

let latest = Promise.resolve()

/** One after the other: what one keeps another one must not sweep out. */
function inTurn(work) {
  latest = latest.then(work).catch(() => undefined)
  return latest
}

/** Its name changes with its content. */
async function file({ request }) {
  const cache = await shell()
  const here = await cache.match(request)
  if (here) return here
  const answer = await fetch(request)
  if (answer.ok) await cache.put(request, answer.clone()).catch(() => undefined) // there may be no room
  return answer
}

/** The page of tasks, whatever it shows of them: the newest, or the one before when nothing good comes. */
async function page(event) {
  const before = await (await shell()).match(PAGE)
  const newest = fetch(event.request)
  // Before anybody reads it.
  const copied = newest.then((answer) => answer.clone(), () => undefined)
  event.waitUntil(inTurn(async () => keep(await copied)))
  if (!before) return newest
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, before))
  const good = newest.then((answer) => (answer.status < 500 ? answer : before), () => before)
  return Promise.race([good, late])
}

/** A page is kept when all of it is here: until then the one before opens, of an older build. */
async function keep(answer) {
  if (!answer?.ok || answer.redirected) return
  const cache = await shell()
  const files = filesOf(await answer.clone().text())
  const missing = []
  for (const name of files) if (!(await cache.match(name))) missing.push(name)
  await cache.addAll(missing)
  await cache.put(PAGE, answer)
}

const filesOf = (text) => [...new Set(text.match(FILES))]

async function opened(urls) {
  const cache = await shell()
  const page = await cache.match(PAGE)
  if (!page) await keep(await fetch(PAGE))
  const own = urls.map((url) => new URL(url)).filter(({ origin, pathname }) => origin === location.origin && isFile(pathname))
  await Promise.all(own.map(({ href }) => file({ request: href })))
  const tabs = await clients.matchAll({ includeUncontrolled: true })
  if (page && tabs.length === 1) await sweep(cache, [...filesOf(await page.text()), ...own.map(({ pathname }) => pathname)])
}

/** Leave nothing of older builds, when no tab is open that may be of one. What no page names, such as a font that is
 *  wanted later, stays as long as its build does. */
async function sweep(cache, used) {
  const isOld = ({ url }) => url.includes('/_next/static/') && !used.includes(new URL(url).pathname)
  const old = (await cache.keys()).filter(isOld)
  if (old.some(({ url }) => url.endsWith('.js'))) await Promise.all(old.map((request) => cache.delete(request)))
}
