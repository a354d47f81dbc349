import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browser, call, FRONTEND, PASSWORD, ready, titles, tokenOf, until } from './browser.mjs'

/** What has the focus, by the name that is read out; nothing if it is lost. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return ''
    const read = element.cloneNode(true)
    for (const hidden of read.querySelectorAll('[aria-hidden=true]')) hidden.remove()
    return (element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? (read.textContent || element.id)).trim()
  })

/** Somebody without a mouse. After each key something has the focus. */
function hands(page) {
  const press = async (...keys) => {
    for (const key of keys) {
      await page.keyboard.press(key)
      await until(async () => (await focused(page)) !== '' || `lost by ${key}`, true, 5)
    }
  }
  return {
    press,
    on: (name) => until(() => focused(page), name),
    type: (text) => page.keyboard.type(text),
    /** Step to what has this name. */
    async to(name, key = 'Tab') {
      for (let steps = 0; (await focused(page)) !== name; steps++) {
        if (steps > 60) throw new Error(`no way to “${name}”: at “${await focused(page)}”`)
        await page.keyboard.press(key)
      }
    },
  }
}

/** Signed up by keys, with the focus in the line for new tasks. */
async function arrive(page) {
  const { press, type, to } = hands(page)
  const email = `keys-${process.pid}-${Date.now()}@example.com`
  await page.goto(`${FRONTEND}/sign-up`)
  for (const [name, text] of [['Name', 'Zoe'], ['E-mail', email], ['Password', PASSWORD]]) {
    await to(name)
    await type(text)
  }
  await page.keyboard.press('Enter')
  await ready(page)
  await page.getByText('Nothing to do here').waitFor() // all is fetched
  await press('n')
}

async function added(page, ...texts) {
  const { press, type, on } = hands(page)
  for (const text of texts) {
    await type(text)
    await press('Enter')
    await on('New task')
  }
  await until(async () => (await titles(page)).length, texts.length)
}

test('the keyboard does all of a task\'s life, and the focus is never lost', async () => {
  const page = await (await browser()).newPage()
  const { press, type, on, to } = hands(page)
  await arrive(page)
  await added(page, 'Buy milk', 'Buy bread', 'Call Ann')

  await press('Escape') // from the line to the list
  await on('Buy milk')
  await press('e')
  await on('Title')
  await press('Control+a')
  await type('Buy oat milk')
  await press('Enter')
  await on('Buy oat milk')
  await press('t', '2')
  await until(() => page.getByText('Today', { exact: true }).count(), 2) // the sidebar's, and the task's
  await press('e')
  await type('not this')
  await press('Escape')
  await on('Buy oat milk')

  await press('j', 'Alt+ArrowUp')
  await on('Buy bread')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk', 'Call Ann'])
  await press('ArrowDown', 'Alt+ArrowRight')
  await on('Buy oat milk')
  await press('Alt+ArrowLeft')
  await on('Buy oat milk')
  await press('Alt+ArrowRight', 'j', 'x')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk'])
  await on('Buy oat milk')
  await press('Control+z')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk', 'Call Ann'])

  await press('o')
  await to('Tags')
  await type('errands')
  await press('Enter', 'Escape')
  await on('Buy oat milk')

  await press('/')
  await on('Search everything')
  await type('oat errands')
  await press('Enter')
  await on('Buy oat milk')
  await press('/', 'Control+a', 'Escape')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk', 'Call Ann'])

  await press('End')
  await on('Call Ann')
  await press('Delete')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk'])
  await to('Trash', 'Shift+Tab')
  await press('Enter')
  await until(() => titles(page), ['Call Ann'])
  await press('j')
  await to('More for Call Ann')
  await press('Enter')
  await on('Restore')
  await press('Enter')
  await until(() => titles(page), [])
  await page.getByTitle('Not sent yet').first().waitFor({ state: 'detached' })
  await to('Inbox3 open', 'Shift+Tab')
  await press('Enter')
  await until(() => titles(page), ['Buy bread', 'Buy oat milk', 'Call Ann'])

  const [kept] = await call(await tokenOf(page), 'GET', '/api/tasks?tag=errands')
  const parent = await call(await tokenOf(page), 'GET', `/api/tasks/${kept.parent_id}`)
  assert.deepEqual([kept.title, parent.title, kept.priority], ['Buy oat milk', 'Buy bread', 'high'])
})

test('lists, dialogs and the drawer need no mouse', async () => {
  const page = await (await browser()).newPage()
  const { press, type, on, to } = hands(page)
  await arrive(page)

  await press('Escape')
  await to('New list', 'Shift+Tab')
  await press('Enter')
  await on('Name of the new list')
  await type('Home')
  await press('Enter')
  await type('Work')
  await press('Enter', 'Escape')
  await on('New list')
  await to('Work')
  await press('F2')
  await on('Name of the list')
  await type('Office')
  await press('Enter')
  await on('Office')
  await press('Alt+ArrowUp', 'Enter')
  await until(() => page.getByRole('heading', { level: 1 }).innerText(), 'Office')
  await until(() => page.locator('section[aria-label="Lists"] a').allInnerTexts(), ['Office', 'Home'])

  await press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await press('Escape')
  await on('Office')
  await to('Order and filters')
  await press('Enter')
  await to('Show what is done')
  await press('Space', 'Escape')
  await on('Order and filters')
  await to('Account of Zoe', 'Shift+Tab')
  await press('Enter')
  await to('Time zone', 'Tab').catch(() => to('Keyboard shortcuts', 'Shift+Tab'))
  await press('Escape')
  await on('Account of Zoe')

  await page.setViewportSize({ width: 360, height: 740 })
  await page.locator('main').focus()
  await to('Lists')
  await press('Enter')
  await page.getByRole('dialog', { name: 'Duly' }).waitFor()
  await to('Home')
  await press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await until(() => page.getByRole('heading', { level: 1 }).innerText(), 'Home')
  await press('n')
  await on('New task')
})
