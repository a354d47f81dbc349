/** No state of any page has a barrier. A new state is one line of STATES. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { barriers, browser, FRONTEND, ready, signUp, until } from './browser.mjs'
import { day, list, put, task } from './data.mjs'

const press = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click()
const key = (...keys) => async (page) => {
  for (const each of keys) await page.keyboard.press(each)
}
const type = (label, text) => (page) => page.getByLabel(label, { exact: true }).fill(text)
const wait = (selector) => (page) => page.locator(selector).first().waitFor()
const rule = (page) => page.getByLabel('Repeat', { exact: true }).selectOption('custom')
const unfold = (text) => (page) => page.locator('summary').filter({ hasText: text }).last().click()
const menu = async (page) => {
  // For a finger there is none: the row opens the details.
  if (await page.evaluate(() => matchMedia('(pointer: coarse)').matches)) return
  await press('More for Call the bank')(page)
  await wait('text=Make it a part')(page)
}
const paste = (text) => (page) =>
  page.locator('#quick-add').evaluate((input, value) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', value)
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, text)
const added = (text) => async (page) => {
  await type('New task', text)(page)
  await page.keyboard.press('Enter')
}
const focus = (page) => page.locator('[id^="task-"]').first().focus()
/** The sidebar has its account; where it is narrow, that is in the drawer. */
const account = async (page) => {
  if (page.viewportSize().width < 768) await press('Lists')(page)
  await press('Account of Alice')(page)
}
const from = (name) => async (page) => {
  await account(page)
  await press(name)(page)
}

/** What it is called, its address, and what somebody does there. */
const STATES = [
  ['signing in', '/sign-in'],
  ['signing up', '/sign-up'],
  ['no such page', '/nothing'],
  ['the inbox', '/tasks'],
  ['quick entry', '/tasks', type('New task', 'Call Bob tomorrow 9:00 #work !high every week @Home')],
  ['a title in place', '/tasks', focus, key('e')],
  ['a toast', '/tasks', focus, key('t'), (page) => page.getByRole('status').getByText('Due today').waitFor()],
  ['a menu', '/tasks', menu],
  ['several lines pasted', '/tasks', paste('Buy milk\nCall Ann\nTidy\nSweep'), wait('text=Add 4 tasks')],
  ['added, and not to be seen', '/tasks?q=zebra', added('Buy milk'), wait('text=not shown here')],
  ['order and filters', '/tasks?done=1', press('Order and filters'), wait('#filters:popover-open')],
  ['an empty list', '/tasks?list=EMPTY', wait('text=Nothing to do here')],
  ['today', '/tasks?view=today', wait('h2:text("Overdue")')],
  ['upcoming', '/tasks?view=upcoming'],
  ['all tasks', '/tasks?view=all'],
  ['a tag', '/tasks?tag=work'],
  ['the trash', '/tasks?view=trash', wait('text=Old receipts'), wait('text=Restore')],
  ['emptying the trash', '/tasks?view=trash', press('Empty trash')],
  ['search', '/tasks?q=trip'],
  ['a search for nothing', '/tasks?q=zebra&list=EMPTY', wait('text=Nothing was found')],
  ['details', '/tasks?task=TRIP', wait('dialog')],
  ['the menu of the details', '/tasks?task=TRIP', press('Move this task'), wait('text=Move down')],
  ['details with time and history', '/tasks?task=TRIP', unfold('Time and zone'), unfold('History'), wait('text=Created')],
  ['details in the trash', '/tasks?view=trash&task=OLD', wait('dialog')],
  ['a rule of one\'s own', '/tasks?task=TRIP', rule, wait('text=Custom repetition')],
  ['shortcuts', '/tasks', wait('#quick-add'), focus, key('?'), wait('dialog')],
  ['the account', '/tasks', account],
  ['the time zone', '/tasks', from(/^Time zone/), wait('#zone')],
  ['erasing the account', '/tasks', from('Erase account'), wait('#erase-password')],
  ['the drawer, or a list\'s colours', '/tasks', async (page) => {
    if (page.viewportSize().width < 768) await press('Lists')(page)
    await page.getByRole('link', { name: /^Home/ }).focus()
    await page.keyboard.press('F2')
    await page.getByLabel('Name of the list').waitFor()
  }],
]

let state
let walks = 0
const ids = {}

before(async () => {
  const context = await browser()
  const { page } = await signUp(context)
  const [home, empty] = [list('Home', '#2f855a'), list('Someday', null)]
  const trip = task('Plan the trip', { due_date: day(2), due_time: '09:30', tags: ['travel'], priority: 'high', description: 'By train.' })
  const old = task('Old receipts')
  const gone = list('Last year', '#7f55d4')
  await put(page, [
    ...[home, empty, trip, old, { type: 'task.delete', id: old.id }],
    ...[gone, { type: 'list.delete', id: gone.id }],
    ...[task('Find a hotel', { parent_id: trip.id }), task('Buy tickets', { parent_id: trip.id, completed: true })],
    task('Water the plants', { due_date: day(-1), recurrence: 'FREQ=WEEKLY', list_id: home.id }),
    task('Call the bank', { due_date: day(0), tags: ['work'], priority: 'urgent' }),
    task('قائمة المهام', { tags: ['work'] }),
    task('x'.repeat(300)),
  ])
  Object.assign(ids, { TRIP: trip.id, OLD: old.id, EMPTY: empty.id })
  state = await context.storageState()
})

/** A page in each state, one after the other. */
async function walk(options, check, states = STATES) {
  const context = await browser({ ...options, reducedMotion: 'reduce', colorScheme: 'light' })
  const pages = { in: await signedIn(context), out: undefined }
  const outside = await browser({ ...options, reducedMotion: 'reduce', colorScheme: 'light' })
  pages.out = await outside.newPage()
  const problems = []
  for (const [name, path, ...steps] of states) {
    const isInside = path.startsWith('/tasks')
    const page = isInside ? pages.in : pages.out
    try {
      await show(page, path.replace(/[A-Z]{3,}/, (id) => ids[id]), isInside)
      for (const step of steps) await step(page)
      for (const problem of await check(page)) problems.push(`${name}: ${problem}`)
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error })
    }
  }
  assert.deepEqual(problems, [])
}

async function signedIn(context) {
  await context.addCookies(state.cookies)
  // Better Auth counts what comes from an address, and this is more than people do.
  const address = `10.255.${process.pid & 255}.${++walks}`
  await context.route('**/api/auth/**', (route) => route.continue({ headers: { ...route.request().headers(), 'X-Forwarded-For': address } }))
  return context.newPage()
}

async function show(page, path, isInside) {
  if (path === '/nothing') await page.route('**/nothing', async (route) => route.fulfill({ response: await route.fetch(), status: 200 }))
  await page.goto(`${FRONTEND}${path}`)
  if (!isInside) return
  if (path.includes('trash')) await page.locator('h1:text("Trash")').waitFor()
  else await ready(page)
  await until(() => page.getByText('Fetching your tasks').count(), 0)
}

/** Of both schemes; the second one differs in nothing but colours. */
async function inBothSchemes(page) {
  const isCovered = (await page.locator(':popover-open').count()) > 0 // then the size of what is behind says nothing
  const found = (await barriers(page)).filter((problem) => !isCovered || !problem.startsWith('target-size'))
  const light = [...found, ...(await small(page)), ...(await sideways(page, 'as it is'))]
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await page.evaluate(() => globalThis.axe.run({ runOnly: ['color-contrast'] }))
  await page.emulateMedia({ colorScheme: 'light' })
  return [...light, ...dark.violations.flatMap(({ nodes }) => nodes.map(({ html }) => `dark: ${html}`))]
}

/** Controls that are hard to hit: below 24 pixels, or 44 for a finger. A label counts with what it labels. */
const small = (page) =>
  page.evaluate(() => {
    const least = matchMedia('(pointer: coarse)').matches ? 44 : 24
    const within = document.querySelector('dialog[open], :popover-open') ?? document
    const isInText = (element) => getComputedStyle(element).display === 'inline'
    return [...within.querySelectorAll('a, button, input, select, textarea, summary')]
      .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !isInText(element))
      .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && (box.height < least - 0.5 || box.width < 24))
      .map(({ element, box }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${element.outerHTML.slice(0, 120)}`)
  })

const sideways = async (page, what) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  const { width } = page.viewportSize()
  return wide > width ? [`${what}: ${wide} pixels wide, on ${width}`] : []
}

/** Text of twice the size, with the sidebar and without it. */
async function grown(page) {
  const sizes = await page.evaluate(() => {
    const size = () => parseFloat(getComputedStyle(document.body).fontSize)
    const usual = size()
    document.documentElement.style.fontSize = '200%'
    return [usual, size()]
  })
  assert.equal(sizes[1], 2 * sizes[0])
  const problems = [...(await sideways(page, 'large text')), ...(await onScreen(page, 700, 'large text'))]
  await page.evaluate(() => (document.documentElement.style.fontSize = ''))
  return problems
}

async function onScreen(page, width, what = 'narrow') {
  const { width: usual, height } = page.viewportSize()
  await page.setViewportSize({ width, height })
  const problems = await sideways(page, what)
  await page.setViewportSize({ width: usual, height })
  return problems
}

test('no barrier in any state, light and dark, with text of twice the size: 1200 pixels', () =>
  walk({ viewport: { width: 1200, height: 800 } }, async (page) => [...(await inBothSchemes(page)), ...(await grown(page))]))

test('no barrier in any state, light and dark, for a finger: 360 pixels, and room on 320', () =>
  walk({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, async (page) => [
    ...(await inBothSchemes(page)),
    ...(await onScreen(page, 320)),
  ]))
