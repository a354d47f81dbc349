import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, wordsOf } from '../../lib/words'

const rows = {
  tasks: new Map([['t', { title: 'Buy milk' }]]),
  lists: new Map([['l', { name: 'Groceries' }]]),
} as never
const read = (command: object) => Object.values(wordsOf(command as never, rows)).join(' ')

test('one is not many', () => {
  assert.deepEqual([0, 1, 2].map((number) => counted(number, 'change')), ['0 changes', '1 change', '2 changes'])
})

const cases: [object, string][] = [
  [{ type: 'task.create', id: 'n', title: 'Bread' }, 'Add Bread'],
  [{ type: 'task.update', id: 't', title: 'Buy oat milk' }, 'Change Buy oat milk'],
  [{ type: 'task.update', id: 't', priority: 'high' }, 'Change Buy milk'],
  [{ type: 'task.complete', id: 't' }, 'Complete Buy milk'],
  [{ type: 'task.complete', id: 't', completed: false }, 'Reopen Buy milk'],
  [{ type: 'task.move', id: 'x' }, 'Move a task that is gone'],
  [{ type: 'task.delete', id: 't' }, 'Delete Buy milk'],
  [{ type: 'list.create', id: 'n', name: 'Trips' }, 'Add the list Trips'],
  [{ type: 'list.update', id: 'l', color: null }, 'Change the list Groceries'],
  [{ type: 'list.restore', id: 'l' }, 'Restore the list Groceries'],
  [{ type: 'settings.update', time_zone: 'Europe/Berlin' }, 'Set the time zone to Europe/Berlin'],
]
for (const [command, words] of cases) test(`a command in words: ${words}`, () => assert.equal(read(command), words))
