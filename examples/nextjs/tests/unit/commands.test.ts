import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byPosition } from 'duly-client/position'
import type { Wish } from 'duly-client/types'
import { inverse, stillOwn } from '../../lib/commands'
import type { Rows } from '../../lib/select'
import { Device, list, task } from './rows'

const device = () =>
  new Device(
    [
      task('a', { title: 'Trip', tags: ['travel', 'fun'], priority: 'high', due_date: '2026-12-01', due_time: '09:00:00' }),
      task('b', { parent_id: 'a', description: 'by train' }),
      task('c', { parent_id: 'a' }),
      task('d', { completed: true, completed_at: '2026-11-02T00:00:00.000Z' }),
      task('e'),
      task('f', { list_id: 'work' }),
      task('g', { list_id: 'work', deleted_at: '2026-11-02T00:00:00.000Z' }),
      task('h', { due_date: '2026-12-01', recurrence: 'FREQ=DAILY' }),
    ],
    [list('inbox', { is_inbox: true }), list('home', { color: '#ff0000' }), list('other'), list('work'), list('gone', { deleted_at: '2026-11-02T00:00:00.000Z' })],
  )

interface Placed {
  id: string
  position: string
  deleted_at: string | null
}

/** What somebody sees: fields, and the order of what is not in the trash. Moments are of when it was done last. */
function seen({ tasks, lists }: Rows) {
  const plain = <Row extends Placed>(row: Row) => ({ ...row, position: '', deleted_at: row.deleted_at && 'at some time' })
  const byId = (one: Placed, other: Placed) => (one.id < other.id ? -1 : 1)
  const order = (rows: Iterable<Placed>) => [...rows].filter((row) => !row.deleted_at).sort(byPosition).map(({ id }) => id)
  const places = new Set([...tasks.values()].map(({ list_id, parent_id }) => parent_id ?? list_id))
  return {
    lists: [...lists.values()].sort(byId).map(plain),
    tasks: [...tasks.values()].sort(byId).map((task) => plain({ ...task, completed_at: null, tags: [...task.tags].sort() })),
    orderOfLists: order([...lists.values()].filter((list) => !list.is_inbox)),
    orders: [...places].sort().map((place) => order([...tasks.values()].filter((task) => (task.parent_id ?? task.list_id) === place))),
  }
}

const cases: Wish[] = [
  { type: 'task.update', id: 'a', title: 'Journey', priority: 'none' },
  { type: 'task.update', id: 'a', description: 'To Lisbon' },
  { type: 'task.update', id: 'b', description: null },
  { type: 'task.update', id: 'a', due_date: null, due_time: null },
  { type: 'task.update', id: 'e', due_date: '2026-12-24' },
  { type: 'task.update', id: 'a', tags: [] },
  { type: 'task.update', id: 'a', add_tags: ['new', 'fun'], remove_tags: ['travel', 'absent'] },
  { type: 'task.update', id: 'a', title: 'Journey', add_tags: ['new'] },
  { type: 'task.update', id: 'e', list_id: 'work', title: 'Elsewhere' },
  { type: 'task.update', id: 'b', parent_id: null },
  { type: 'task.update', id: 'e', parent_id: 'a' },
  { type: 'task.complete', id: 'e' },
  { type: 'task.complete', id: 'd', completed: false },
  { type: 'task.complete', id: 'd', completed: true },
  { type: 'task.move', id: 'e', before: 'a' },
  { type: 'task.move', id: 'a', after: 'e' },
  { type: 'task.move', id: 'b', after: 'c' },
  { type: 'task.move', id: 'b', after: 'a' },
  { type: 'task.move', id: 'e', parent_id: 'a' },
  { type: 'task.move', id: 'e', list_id: 'work' },
  { type: 'task.move', id: 'f', list_id: 'inbox' },
  { type: 'task.move', id: 'f', before: 'a' },
  { type: 'task.delete', id: 'e' },
  { type: 'task.restore', id: 'g' },
  { type: 'list.update', id: 'home', name: 'House', color: null, archived: true },
  { type: 'list.move', id: 'work', before: 'home' },
  { type: 'list.move', id: 'home', after: 'work' },
  { type: 'list.delete', id: 'home' },
  { type: 'list.restore', id: 'gone' },
]

for (const wish of cases)
  test(`undone it is as it was: ${JSON.stringify(wish)}`, () => {
    const here = device()
    const before = seen(here.rows)
    const undo = inverse(wish, here.rows)
    here.send(wish)
    here.send(...undo)
    assert.deepEqual(seen(here.rows), before)
  })

test('several at once are taken back from the last to the first', () => {
  const here = device()
  const before = seen(here.rows)
  const undo: Wish[] = []
  for (const wish of cases.filter(({ type }) => !type.endsWith('.move'))) {
    undo.unshift(...inverse(wish, here.rows))
    here.send(wish)
  }
  assert.notDeepEqual(seen(here.rows), before)
  here.send(...undo)
  assert.deepEqual(seen(here.rows), before)
})

test('what was made is put into the trash', () => {
  const here = device()
  const wish: Wish = { type: 'task.create', id: '01938a5e-0000-7000-8000-000000000000', title: 'New' }
  const undo = inverse(wish, here.rows)
  here.send(wish, ...undo)
  assert.notEqual(here.rows.tasks.get(wish.id)!.deleted_at, null)
})

test('the open parts that are done with a task are open again with it', () => {
  const parts = [task('b', { parent_id: 'a' }), task('c', { parent_id: 'b' }), task('d', { parent_id: 'a', completed: true })]
  const here = new Device([task('a'), ...parts])
  assert.deepEqual(
    inverse({ type: 'task.complete', id: 'a' }, here.rows),
    ['a', 'b', 'c'].map((id) => ({ type: 'task.complete', id, completed: false })),
  )
})

test('of what is not there any more nothing is taken back', () => {
  const here = device()
  assert.deepEqual(inverse({ type: 'task.update', id: 'nothing', title: 'x' }, here.rows), [])
  assert.deepEqual(inverse({ type: 'list.update', id: 'nothing', name: 'x' }, here.rows), [])
})

test('what changes nothing needs no undo', () => {
  const here = device()
  assert.deepEqual(inverse({ type: 'task.update', id: 'a', add_tags: ['fun'] }, here.rows), [])
})

test('what somebody else has changed since is not taken back', () => {
  const undo = { type: 'task.update', id: 'a', title: 'Trip', priority: 'high', add_tags: ['fun'] } as Wish
  const left = task('a', { title: 'Journey', priority: 'low', tags: ['travel'] })
  assert.deepEqual(stillOwn(undo, left, { ...left, description: 'theirs' }), undo)
  assert.deepEqual(stillOwn(undo, left, { ...left, title: 'Theirs' }), { type: 'task.update', id: 'a', priority: 'high', add_tags: ['fun'] })
  const { add_tags: _, ...fields } = undo as Wish & { add_tags: string[] }
  assert.equal(stillOwn(fields as Wish, left, { ...left, title: 'Theirs', priority: 'none' }), undefined)
  assert.deepEqual(stillOwn(undo, undefined, left), undo)
})
