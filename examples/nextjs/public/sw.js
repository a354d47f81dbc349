// The shell of the application, so that it opens without a network. Tasks are in IndexedDB, never here.
const SHELL = 'shell'
const PATIENCE = 3_000 // milliseconds for a page to come, when an older one is here

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
// A page that was there before this worker says of what it was made: it came by without being kept.
addEventListener('message', (event) => event.waitUntil(keepAll(event.data)))
addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== location.origin) return
  if (isFile(pathname)) event.respondWith(file(event.request))
  else if (mode === 'navigate' && pathname === '/tasks') event.respondWith(page(event))
})

const isFile = (pathname) => pathname.startsWith('/_next/static/') || pathname === '/icon.svg'

async function keepAll(urls) {
  const here = urls.map((url) => new URL(url)).filter(({ origin }) => origin === location.origin)
  await Promise.all(here.filter(({ pathname }) => isFile(pathname)).map(({ href }) => file(href)))
  const cache = await caches.open(SHELL)
  // Of what is kept already, the page comes anew with each visit.
  if (!(await cache.match('/tasks'))) await keep(cache, '/tasks', await fetch('/tasks'))
}

/** Its name changes with its content. */
async function file(request) {
  const cache = await caches.open(SHELL)
  return (await cache.match(request)) ?? keep(cache, request, await fetch(request))
}

/** The page of tasks, whatever it shows of them: the newest, or the one before when nothing good comes. */
async function page(event) {
  const cache = await caches.open(SHELL)
  const before = await cache.match('/tasks')
  const newest = fetch(event.request).then((answer) => keep(cache, '/tasks', answer))
  if (!before) return newest
  event.waitUntil(newest.catch(() => undefined))
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, before))
  const good = newest.then((answer) => (answer.status < 500 ? answer : before), () => before)
  return Promise.race([good, late])
}

async function keep(cache, name, answer) {
  if (answer.ok && !answer.redirected) await cache.put(name, answer.clone())
  return answer
}
