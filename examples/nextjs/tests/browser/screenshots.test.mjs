/** Pictures of the application, for the documentation: into the folder SCREENSHOTS, or for nothing but to try them. */
import { test } from 'node:test'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { add, allIsSent, browser, FRONTEND, patient, ready, row, signUp, until } from './browser.mjs'
import { day, list, put, task } from './data.mjs'

const folder = process.env.SCREENSHOTS ?? (await mkdtemp(path.join(tmpdir(), 'screenshots-')))
const LOOK = { colorScheme: 'light', locale: 'en-GB' }
const SCREEN = { ...LOOK, viewport: { width: 1200, height: 800 } }
const PHONE = { ...LOOK, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

async function picture(page, name) {
  await page.evaluate(() => document.fonts.ready)
  await page.mouse.move(0, 0)
  await until(() => page.getByTitle('Not sent yet').count().then((count) => count === 0 || name === 'offline'), true)
  await page.screenshot({ path: path.join(folder, `example-${name}.png`), caret: 'hide', animations: 'disabled' })
}

/** The next such weekday; 0 is Sunday. */
const next = (wanted) => [1, 2, 3, 4, 5, 6, 7].map(day).find((each) => new Date(each).getUTCDay() === wanted)

/** What somebody has to do who works, has a home and goes to Lisbon. */
function life() {
  const [work, home, lisbon, reading] = [list('Work', '#2b6fd9'), list('Home', '#2f855a'), list('Lisbon', '#c2570c'), list('Reading', '#7f55d4')]
  const hotel = task('Choose a place to stay', { list_id: lisbon.id, due_date: day(3), description: 'Near the river, with a kitchen. Ana recommends Alfama.', tags: ['travel'] })
  const trip = task('Train from Porto', { list_id: lisbon.id, due_date: day(12), due_time: '10:40' })
  const review = task('Prepare the quarterly review', { list_id: work.id, due_date: day(1), priority: 'high', tags: ['writing'] })
  const within = (parent, title, more) => task(title, { list_id: parent.list_id, parent_id: parent.id, ...more })
  return {
    work, lisbon,
    wishes: [
      ...[work, home, lisbon, reading],
      ...[review, within(review, 'Collect the figures from Finance', { completed: true }), within(review, 'Draft the summary'), within(review, 'Send it round for comments')],
      task('Call Dr Almeida about the contract', { list_id: work.id, due_date: day(0), priority: 'urgent', tags: ['calls'] }),
      task('Answer the questions of the new colleague', { list_id: work.id, due_date: day(0) }),
      task('Weekly report', { list_id: work.id, due_date: next(5), recurrence: 'FREQ=WEEKLY;BYDAY=FR', tags: ['writing'] }),
      task('Book the meeting room for the workshop', { list_id: work.id, due_date: day(5), description: 'Twelve people, a screen.' }),
      task('Read the proposal for the new website', { list_id: work.id }),
      task('Renew the certificate', { list_id: work.id, due_date: day(20), recurrence: 'FREQ=YEARLY' }),
      task('Water the plants', { list_id: home.id, due_date: day(0), recurrence: 'FREQ=DAILY;INTERVAL=3' }),
      task('Return the library books', { list_id: home.id, due_date: day(-1), tags: ['errands'] }),
      task('Pay the rent', { list_id: home.id, due_date: day(5), recurrence: 'FREQ=MONTHLY', priority: 'medium' }),
      task('Buy a present for Clara', { list_id: home.id, due_date: day(6), tags: ['errands'] }),
      ...[hotel, within(hotel, 'Ask Ana for the address', { completed: true }), within(hotel, 'Compare three places'), within(hotel, 'Book it and write to Tom')],
      ...[trip, task('Table for four at the fado house', { list_id: lisbon.id, tags: ['calls'] })],
      task('Walk to Belém and back', { list_id: lisbon.id }),
      task('The Book of Disquiet', { list_id: reading.id }),
      task('A Short History of Nearly Everything', { list_id: reading.id }),
      task('Thank Marta for the photographs'),
    ],
  }
}

/** Somebody with all of that, on the page of tasks. */
async function somebody(context) {
  const { page } = await signUp(context, 'Alice')
  const all = life()
  await put(page, all.wishes)
  return { page, ...all }
}

async function show(page, view) {
  await page.goto(`${FRONTEND}/tasks?${view}`)
  await ready(page)
  await page.locator('[id^="task-"]').first().waitFor()
}

test('somebody signs in', async () => {
  const page = await (await browser(SCREEN)).newPage()
  await page.goto(`${FRONTEND}/sign-in`)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await picture(page, 'sign-in')
})

test('a list, the details of a task, and the same in the dark', async () => {
  const { page, work, lisbon } = await somebody(await browser(SCREEN))
  await show(page, `list=${work.id}`)
  await picture(page, 'tasks')
  await show(page, `list=${lisbon.id}`)
  await row(page, 'Choose a place to stay').getByText('#travel').click()
  await page.getByRole('dialog').getByText('1 of 3').waitFor()
  await picture(page, 'details')
  await page.emulateMedia({ colorScheme: 'dark' })
  await show(page, 'view=today')
  await page.getByRole('heading', { name: /Overdue/ }).waitFor()
  await picture(page, 'dark')
})

test('a phone', async () => {
  const { page, work } = await somebody(await browser(PHONE))
  await show(page, `list=${work.id}`)
  await picture(page, 'phone')
})

test('without a network', async () => {
  const { page, lisbon } = await somebody(await patient(SCREEN))
  await show(page, `list=${lisbon.id}`)
  await allIsSent(page) // a new account is told its time zone
  await page.context().setOffline(true)
  await add(page, 'Buy a tram pass', 'Pack the adapter #travel')
  await row(page, 'Walk to Belém and back').hover()
  await page.getByRole('button', { name: 'More for Walk to Belém and back' }).click()
  await page.locator(':popover-open').getByRole('button', { name: 'Today' }).click()
  await page.getByRole('heading', { level: 1 }).click() // the focus goes out of the picture
  await page.getByRole('button', { name: 'Offline, 3 changes wait' }).waitFor()
  await picture(page, 'offline')
})
