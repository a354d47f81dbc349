import assert from 'node:assert/strict'
import { test } from 'node:test'
import { understand } from '../../lib/quick-add'

const DAY = '2026-11-26' // a Thursday
const work = { id: 'w', name: 'Work', archived: false, deleted_at: null }
const home = { id: 'h', name: 'House and home', archived: false, deleted_at: null }
const read = (text: string, ...literal: string[]) =>
  understand(text, { day: DAY, lists: [work, home] as never, literal: new Set(literal) })

test('nothing to understand is a title', () => {
  for (const text of ['Buy milk', 'bob@example.com', 'C# 9', 'Read 1984', '<b>!</b>', 'todayish', 'Shout!high'])
    assert.deepEqual(read(text), { title: text, chips: [], fields: {} })
})

const cases: [string, object, string?][] = [
  ['Call Bob tomorrow 9:00 #work !high', { due_date: '2026-11-27', due_time: '09:00', tags: ['work'], priority: 'high' }, 'Call Bob'],
  ['today Call Bob', { due_date: DAY }, 'Call Bob'],
  ['Call Bob on friday', { due_date: '2026-11-27' }, 'Call Bob'],
  ['Call Bob thu', { due_date: '2026-12-03' }, 'Call Bob'],
  ['Call Bob next week', { due_date: '2026-11-30' }, 'Call Bob'],
  ['Call Bob weekend', { due_date: '2026-11-28' }, 'Call Bob'],
  ['Call Bob in 3 days', { due_date: '2026-11-29' }, 'Call Bob'],
  ['Call Bob in 3 months', { due_date: '2027-02-26' }, 'Call Bob'],
  ['Call Bob 3 dec', { due_date: '2026-12-03' }, 'Call Bob'],
  ['Call Bob March 1st', { due_date: '2027-03-01' }, 'Call Bob'],
  ['Call Bob 2026-12-24 at 5pm', { due_date: '2026-12-24', due_time: '17:00' }, 'Call Bob'],
  ['Call Bob 12am', { due_date: DAY, due_time: '00:00' }, 'Call Bob'],
  ['Water plants every day', { recurrence: 'FREQ=DAILY', due_date: DAY }, 'Water plants'],
  ['Water plants every 2 weeks', { recurrence: 'FREQ=WEEKLY;INTERVAL=2', due_date: DAY }, 'Water plants'],
  ['Water plants every monday', { recurrence: 'FREQ=WEEKLY;BYDAY=MO', due_date: '2026-11-30' }, 'Water plants'],
  ['Water plants every weekday', { recurrence: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', due_date: DAY }, 'Water plants'],
  ['Pay rent monthly 1 dec', { recurrence: 'FREQ=MONTHLY', due_date: '2026-12-01' }, 'Pay rent'],
  ['Plan @work #A #b/c #a', { list_id: 'w', tags: ['a', 'b/c'] }, 'Plan'],
  ['Plan @house', { list_id: 'h' }, 'Plan'],
  ['Überweisung #büro', { tags: ['büro'] }, 'Überweisung'],
  ['Plan @nobody', {}, 'Plan @nobody'],
  ['Meet 25:00', {}, 'Meet 25:00'],
  ['Meet 31 feb', {}, 'Meet 31 feb'],
  ['Meet 2026-02-30', {}, 'Meet 2026-02-30'],
]
for (const [text, fields, title] of cases)
  test(text, () => {
    const found = read(text)
    assert.deepEqual(found.fields, fields)
    assert.equal(found.title, title)
  })

test('what is taken back by its chip stays in the title', () => {
  const found = read('Watch Tomorrow Never Dies #film', 'Tomorrow')
  assert.equal(found.title, 'Watch Tomorrow Never Dies')
  assert.deepEqual(found.fields, { tags: ['film'] })
  assert.deepEqual(found.chips.map(({ label }) => label), ['#film'])
})

test('each chip says what it means, in the order of the words', () => {
  const { chips } = read('!1 Call tomorrow at noon @work')
  assert.deepEqual(chips.map(({ label }) => label), ['Urgent', 'Tomorrow', '12:00', 'Work'])
})
