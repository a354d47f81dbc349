// The shell of the application, so that it opens without a network. Tasks are in IndexedDB, never here.
const SHELL = 'shell'
const PATIENCE = 3_000 // milliseconds for a page to come, when an older one is here

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== location.origin) return
  if (pathname.startsWith('/_next/static/') || pathname === '/icon.svg') event.respondWith(file(event.request))
  else if (mode === 'navigate' && pathname === '/tasks') event.respondWith(page(event))
})

/** Its name changes with its content. */
async function file(request) {
  const cache = await caches.open(SHELL)
  return (await cache.match(request)) ?? keep(cache, request, await fetch(request))
}

/** The page of tasks, whatever it shows of them: the newest, or the one before when there is no network. */
async function page(event) {
  const cache = await caches.open(SHELL)
  const before = await cache.match('/tasks')
  const newest = fetch(event.request).then((answer) => keep(cache, '/tasks', answer))
  if (!before) return newest
  event.waitUntil(newest.catch(() => undefined))
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, before))
  return Promise.race([newest.catch(() => before), late])
}

async function keep(cache, name, answer) {
  if (answer.ok && !answer.redirected) await cache.put(name, answer.clone())
  return answer
}
