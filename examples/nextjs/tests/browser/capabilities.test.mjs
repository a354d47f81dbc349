import assert from 'node:assert/strict'
import { test } from 'node:test'
import { add, browser, ready, row, rows, signUp, titles, until } from './browser.mjs'
import { day, list, put, task } from './data.mjs'

const heading = (page) => page.getByRole('heading', { level: 1 })
const press = (place, name) => place.getByRole('button', { name, exact: true }).click()
const undo = (page) => press(page, 'Undo')
const reads = (page, title) => async () => (await row(page, title).locator('p').innerText()).split('\n').filter(Boolean)

/** The details of a task. */
async function open(page, title) {
  await row(page, title).getByRole('button', { name: title, exact: true }).focus()
  await page.keyboard.press('o')
  const details = page.getByRole('dialog', { name: 'Task' })
  await details.waitFor()
  return details
}

/** Choose from the menu of a line. */
async function choose(page, menu, action) {
  await page.getByRole('button', { name: menu }).focus()
  await page.keyboard.press('Enter')
  await page.locator(':popover-open').getByRole('button', { name: action }).click()
}

test('quick entry shows what it understood, and a click makes it text again', async () => {
  const { page, email } = await signUp(await browser())
  const chips = () => page.locator('#understood button').allInnerTexts()
  await page.locator('#quick-add').fill('Read Monday today 9:00 #books !high every week')
  await until(chips, ['Monday', '09:00', '#books', 'High', 'Every week'])
  await page.getByRole('button', { name: /^Monday/ }).click()
  await until(chips, ['Today', '09:00', '#books', 'High', 'Every week'])
  assert.equal(await page.locator('#quick-add').evaluate((input) => input === document.activeElement), true)
  await page.locator('#quick-add').press('Enter')
  await until(() => titles(page), ['Read Monday'])
  const kept = () => rows(email, 'select title, due_time::text, tags, recurrence from duly.tasks where space_id = $1')
  const wanted = { title: 'Read Monday', due_time: '09:00:00', tags: ['books'], recurrence: 'FREQ=WEEKLY' }
  await until(kept, [wanted])
})

test('what is ticked goes after a beat, and comes back by the message or by Ctrl+Z', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk', 'Call Ann')
  for (const takeBack of [() => undo(page), () => page.keyboard.press('Control+z')]) {
    await row(page, 'Buy milk').getByRole('checkbox').click()
    assert.deepEqual(await titles(page), ['Buy milk', 'Call Ann']) // not at once: it is seen to be done
    await until(() => titles(page), ['Call Ann'])
    await takeBack()
    await until(() => titles(page), ['Buy milk', 'Call Ann'])
    assert.equal(await row(page, 'Buy milk').getByRole('checkbox').isChecked(), false)
  }
})

test('a recurring task that is ticked is due again, and undo takes that back', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Water the plants every week today')
  await until(reads(page, 'Water the plants'), ['Today', 'Every week'])
  await row(page, 'Water the plants').getByRole('checkbox').click()
  await until(async () => (await reads(page, 'Water the plants')())[0] !== 'Today', true)
  assert.equal(await row(page, 'Water the plants').getByRole('checkbox').isChecked(), false)
  await undo(page)
  await until(reads(page, 'Water the plants'), ['Today', 'Every week'])
})

test('the details change all of a task, and its parts', async () => {
  const { page, email } = await signUp(await browser())
  await put(page, [list('Home', '#2f855a'), task('Plan the trip')])
  await until(() => titles(page), ['Plan the trip'])
  const details = await open(page, 'Plan the trip')
  await details.getByLabel('Notes').fill('By train.')
  await press(details, 'Tomorrow')
  await details.getByLabel('Priority').selectOption('Urgent')
  await details.getByLabel('Repeat', { exact: true }).selectOption({ label: 'Every month' })
  await details.getByLabel('Tags', { exact: true }).last().fill('travel')
  await page.keyboard.press('Enter')
  for (const part of ['Find a hotel', 'Buy tickets']) {
    await details.getByLabel('Add a subtask').fill(part)
    await page.keyboard.press('Enter')
  }
  await details.getByLabel('Done: Find a hotel').click()
  await details.getByText('1 of 2').waitFor()
  await details.getByLabel('List', { exact: true }).selectOption('Home')
  await page.keyboard.press('Escape')
  await until(() => titles(page), [])
  await page.getByRole('link', { name: /^Home/ }).click()
  await until(() => titles(page), ['Plan the trip', 'Buy tickets'])
  await until(async () => (await reads(page, 'Plan the trip')()).join(' '), 'Tomorrow Every month Urgent 1/2 parts done #travel')
  const [kept] = await rows(email, "select description, tags from duly.tasks where space_id = $1 and title = 'Plan the trip'")
  assert.deepEqual(kept, { description: 'By train.', tags: ['travel'] })
})

test('a list is made, named, coloured, deleted with its tasks and brought back', async () => {
  const { page, email } = await signUp(await browser())
  await press(page, 'New list')
  await page.getByLabel('Name of the new list').fill('Home')
  await page.getByLabel('Teal').click()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: /^Home/ }).click()
  await add(page, 'Sweep')
  await choose(page, 'Actions for Home', 'Edit name and colour')
  await page.getByLabel('Name of the list').fill('House')
  await page.getByLabel('Violet').click()
  await page.keyboard.press('Enter')
  await until(() => heading(page).innerText(), 'House')
  await choose(page, 'Actions for House', 'Delete')
  await until(() => heading(page).innerText(), 'Inbox')
  assert.equal(await page.getByRole('link', { name: /^House/ }).count(), 0)
  await undo(page)
  await page.getByRole('link', { name: /^House/ }).click()
  await until(() => titles(page), ['Sweep'])
  const kept = () => rows(email, 'select name, color from duly.lists where space_id = $1 and not is_inbox and deleted_at is null')
  await until(kept, [{ name: 'House', color: '#7f55d4' }])
})

test('a tag is renamed on all tasks', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk #shop', 'Buy bread #shop')
  await page.getByRole('link', { name: /^shop/ }).click()
  await until(() => page.getByTitle('Not sent yet').count(), 0)
  await choose(page, 'Actions for #shop', 'Rename')
  await page.getByLabel('Name of the tag').fill('errands')
  await page.keyboard.press('Enter')
  await until(() => heading(page).innerText(), '#errands')
  await until(() => titles(page), ['Buy milk', 'Buy bread'])
  await until(reads(page, 'Buy milk'), ['#errands', 'Inbox'])
})

test('search, order and filters are in the address: back and a reload keep them', async () => {
  const { page } = await signUp(await browser())
  await put(page, [task('Pay the rent', { priority: 'high' }), task('Air the room'), task('Call about the rent', { priority: 'high' })])
  await until(async () => (await titles(page)).length, 3)
  await page.getByRole('button', { name: 'Order and filters' }).click()
  await page.locator('#filters select').first().selectOption('By title')
  await until(() => titles(page), ['Air the room', 'Call about the rent', 'Pay the rent'])
  await page.locator('#filters select').last().selectOption('High')
  await until(() => titles(page), ['Call about the rent', 'Pay the rent'])
  await page.keyboard.press('Escape')
  await page.getByLabel('Search').fill('pay rent')
  await until(() => titles(page), ['Pay the rent'])
  await until(() => new URL(page.url()).search, '?sort=title&priority=high&q=pay+rent')
  await page.reload()
  await ready(page)
  await until(() => titles(page), ['Pay the rent'])
  assert.equal(await page.getByLabel('Search').inputValue(), 'pay rent')
  await page.goBack()
  await until(() => titles(page), ['Call about the rent', 'Pay the rent'])
  await page.goBack()
  await until(() => titles(page), ['Air the room', 'Call about the rent', 'Pay the rent'])
})

test('the trash gives back, and is emptied for good', async () => {
  const { page, email } = await signUp(await browser())
  await add(page, 'Keep me', 'Old receipts', 'Draft')
  await page.getByTitle('Not sent yet').first().waitFor({ state: 'detached' })
  for (const title of ['Keep me', 'Old receipts', 'Draft']) await choose(page, `More for ${title}`, 'Delete')
  await page.getByRole('link', { name: 'Trash' }).click()
  await until(async () => (await titles(page)).length, 3)
  await choose(page, 'More for Keep me', 'Restore')
  await until(async () => (await titles(page)).length, 2)
  await until(async () => (await rows(email, 'select 1 from duly.tasks where space_id = $1 and deleted_at is null')).length, 1)
  await press(page, 'Empty trash')
  await press(page, 'Delete for good')
  await page.getByText('The trash is empty').first().waitFor()
  await until(() => titles(page), [])
  await page.getByRole('link', { name: /^Inbox/ }).click()
  await until(() => titles(page), ['Keep me'])
  await until(() => rows(email, 'select title from duly.tasks where space_id = $1'), [{ title: 'Keep me' }])
})

test('the history of a task says what became of it, and takes a step back', async () => {
  const { page } = await signUp(await browser())
  const wish = task('Call Ann', { due_date: day(1) })
  await put(page, [wish])
  await put(page, [{ type: 'task.update', id: wish.id, title: 'Call Ann about Lisbon' }])
  await until(() => titles(page), ['Call Ann about Lisbon'])
  const details = await open(page, 'Call Ann about Lisbon')
  await details.locator('summary').filter({ hasText: 'History' }).click()
  const said = () => details.getByRole('list', { name: 'Changes' }).locator('p').allInnerTexts()
  await until(said, ['Renamed from “Call Ann”', 'Created'])
  await press(details, 'Undo: Renamed from “Call Ann”')
  await until(() => details.getByLabel('Title').inputValue(), 'Call Ann')
  await until(said, ['Renamed from “Call Ann about Lisbon”', 'Renamed from “Call Ann”', 'Created'])
  await page.keyboard.press('Escape')
  await until(() => titles(page), ['Call Ann'])
})

test('Ctrl+Z takes back what was done last, also what is said to nobody', async () => {
  const { page } = await signUp(await browser())
  await add(page, 'Buy milk', 'Call Bob')
  await row(page, 'Buy milk').getByRole('button', { name: 'Buy milk', exact: true }).focus()
  await page.keyboard.press('Alt+ArrowDown')
  await until(() => titles(page), ['Call Bob', 'Buy milk'])
  await page.keyboard.press('Control+z')
  await until(() => titles(page), ['Buy milk', 'Call Bob'])
  await page.keyboard.press('Control+z')
  await until(() => titles(page), ['Buy milk'])
})
