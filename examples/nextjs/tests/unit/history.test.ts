import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryEntry } from '../../lib/api'
import { changes, steps } from '../../lib/history'
import type { Rows } from '../../lib/select'

const TODAY = '2026-11-26'
const ROWS = {
  tasks: new Map([['t1', { title: 'Plan the trip' }]]),
  lists: new Map([['l1', { name: 'Home' }]]),
} as unknown as Rows

function entry(before: object | null, after: object | null, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const about = { version: 1, type: 'task', id: 't', operation: 1, at: '2026-11-26T09:00:00Z', actor: 'a', request_id: 'r' }
  return { ...about, change: 'updated', before, after, ...more } as HistoryEntry
}

const SAID: [string, object, object, string[]][] = [
  ['a new title', { title: 'Old' }, { title: 'New' }, ['Renamed from “Old”']],
  ['notes where there were none', { description: null }, { description: 'x' }, ['Notes added']],
  ['being done', { completed: false, completed_at: null }, { completed: true, completed_at: 'x' }, ['Done']],
  ['tags put on and taken off', { tags: ['a', 'b'] }, { tags: ['b', 'c'] }, ['Tagged #c', 'Untagged #a']],
  ['another date', { due_date: '2026-11-26' }, { due_date: '2026-11-27' }, ['Due Tomorrow, was Today']],
  [
    'no date any more, and what went with it',
    { due_date: '2026-11-26', due_time: '09:00:00', due_time_zone: 'UTC', recurrence: 'FREQ=DAILY' },
    { due_date: null, due_time: null, due_time_zone: null, recurrence: null },
    ['Date removed', 'Repeats no more'],
  ],
  ['a time', { due_time: null }, { due_time: '09:30:00' }, ['Time 09:30']],
  ['a rule', { recurrence: null }, { recurrence: 'FREQ=WEEKLY;BYDAY=MO' }, ['Every week on Monday']],
  ['another list', { list_id: 'x' }, { list_id: 'l1' }, ['Moved to Home']],
  ['a list that is gone', { list_id: 'l1' }, { list_id: 'x' }, ['Moved to another list']],
  ['a parent', { parent_id: null }, { parent_id: 't1' }, ['Made part of “Plan the trip”']],
  ['no parent any more', { parent_id: 't1' }, { parent_id: null }, ['Made a task of its own']],
  ['another place', { position: 'a' }, { position: 'b' }, ['Put in another place']],
  ['the trash', { deleted_at: null }, { deleted_at: 'x' }, ['Put in the trash']],
  ['what nobody foresaw', { colour: null }, { colour: 'red' }, ['Changed']],
]

for (const [what, before, after, said] of SAID)
  test(`the history says of ${what}: ${said.join(', ')}`, () =>
    assert.deepEqual(changes(entry(before, after), ROWS, TODAY), said))

test('what was made, or is gone for good, says so', () => {
  assert.deepEqual(changes(entry(null, null, { change: 'created' }), ROWS, TODAY), ['Created'])
  assert.deepEqual(changes(entry(null, null, { change: 'deleted' }), ROWS, TODAY), ['Deleted for good'])
})

test('what one request did is one step, since it is undone as one', () => {
  const of = (version: number, request_id: string | null) => entry({}, {}, { version, request_id })
  const found = steps([of(5, 'b'), of(4, 'a'), of(3, 'a'), of(2, null), of(1, null)])
  assert.deepEqual(found.map((step) => step.map(({ version }) => version)), [[5], [4, 3], [2], [1]])
})
