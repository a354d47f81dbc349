import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { List, Task } from 'duly-client/types'
import { counts, select, withParts, children } from '../../lib/select'
import type { View } from '../../lib/view'
import { Device, list, task } from './rows'

const NOW = { day: '2026-11-26', time: '09:00' }
const DELETED = { deleted_at: '2026-11-20T00:00:00.000Z' }
const DONE = { completed: true, completed_at: '2026-11-20T00:00:00.000Z' }
const LISTS = [list('inbox', { is_inbox: true, position: 'z' }), list('work', { position: 'b' }), list('home', { position: 'a' }), list('gone', DELETED)]

/** Groups as lines: their title, then the ids with a dash for each level. */
function shown(tasks: Task[], view: View, lists: List[] = LISTS, lingering: string[] = []): string {
  const groups = select(new Device(tasks, lists).rows, view, NOW, new Set(lingering))
  return groups.map(({ title, rows }) => [title && `${title}:`, ...rows.map(({ task, depth }) => '-'.repeat(depth) + task.id)].filter(Boolean).join(' ')).join(' | ')
}

test('the inbox is what is shown without a choice, in order and with parts below', () => {
  const tasks = [task('a', { position: '2' }), task('b', { position: '1' }), task('c', { parent_id: 'a' }), task('d', { list_id: 'work' }), task('e', DONE), task('f', DELETED)]
  assert.equal(shown(tasks, {}), 'b a -c')
  assert.equal(shown(tasks, { list: 'work' }), 'd')
  assert.equal(shown(tasks, { done: '1' }), 'b a -c | Done: e')
  assert.equal(shown(tasks, { list: 'nothing' }), '')
})

test('what was done a moment ago stays where it was for a beat', () => {
  assert.equal(shown([task('a'), task('b', DONE), task('c')], {}, LISTS, ['b']), 'a b c')
  assert.equal(shown([task('a'), task('b', DONE), task('c')], {}), 'a c')
})

test('a part whose parent is done is shown by itself', () => {
  assert.equal(shown([task('a', DONE), task('b', { parent_id: 'a' })], {}), 'b')
})

test('today has what is overdue first, and upcoming goes on by days', () => {
  const tasks = [
    task('a', { due_date: '2026-11-27' }),
    task('b', { due_date: '2026-11-26' }),
    task('c', { due_date: '2026-11-26', due_time: '08:00:00' }),
    task('d', { due_date: '2026-11-20' }),
    task('e'),
    task('f', { due_date: '2026-11-20', ...DONE }),
    task('g', { due_date: '2026-11-26', list_id: 'gone' }),
    task('h', { due_date: '2026-11-25', list_id: 'work' }),
  ]
  assert.equal(shown(tasks, { view: 'today' }), 'Overdue: d h | Today: c b')
  assert.equal(shown(tasks, { view: 'upcoming' }), 'Overdue: d h | Today: c b | Tomorrow: a')
})

test('search finds every word in titles, notes and tags, without regard to case and accents', () => {
  const tasks = [task('a', { title: 'Überweisung an Zoë' }), task('b', { description: 'zoe anrufen' }), task('c', { tags: ['Zoë'], list_id: 'work' }), task('d')]
  assert.equal(shown(tasks, { q: 'ZOE' }), 'a b c')
  assert.equal(shown(tasks, { q: 'zoë uber' }), 'a')
  assert.equal(shown(tasks, { q: '#zoe' }), 'c')
  assert.equal(shown(tasks, { q: '.*' }), '')
  assert.equal(shown(tasks, { q: '   ' }), 'a b d c')
})

test('all is list by list, the inbox first, unless another order is asked for', () => {
  const tasks = [
    task('a', { list_id: 'work', priority: 'high', title: 'b' }),
    task('b', { title: 'c', due_date: '2026-12-01' }),
    task('c', { list_id: 'home', priority: 'urgent', title: 'ä' }),
  ]
  assert.equal(shown(tasks, { view: 'all' }), 'b c a')
  assert.equal(shown(tasks, { view: 'all', sort: 'priority' }), 'c a b')
  assert.equal(shown(tasks, { view: 'all', sort: 'title' }), 'c a b')
  assert.equal(shown(tasks, { view: 'all', sort: 'due' }), 'b a c')
})

test('the trash has what went in last first, and nothing else has any of it', () => {
  const tasks = [task('a', DELETED), task('b', { deleted_at: '2026-11-21T00:00:00.000Z' }), task('c'), task('d', { ...DELETED, tags: ['x'], due_date: NOW.day })]
  assert.equal(shown(tasks, { view: 'trash' }), 'b a d')
  for (const view of [{ view: 'today' }, { tag: 'x' }, { view: 'upcoming' }] as const) assert.equal(shown(tasks, view), '')
})

test('the sidebar counts what its views show', () => {
  const tasks = [
    task('a', { tags: ['x'] }), task('b', { ...DONE, tags: ['y'] }), task('c', { ...DELETED, tags: ['x'] }),
    task('d', { list_id: 'work', due_date: '2026-11-26' }), task('e', { due_date: '2026-11-20' }), task('f', { list_id: 'gone', tags: ['x'] }),
    task('g', { list_id: 'work', due_date: '2026-11-26', due_time: '08:00:00' }),
  ]
  const found = counts(new Device(tasks, LISTS).rows, NOW)
  assert.deepEqual({ today: found.today, overdue: found.overdue, trash: found.trash }, { today: 3, overdue: 1, trash: 1 })
  assert.deepEqual([...found.lists], [['inbox', 2], ['work', 2]])
  assert.deepEqual([...found.tags], [['x', 1], ['y', 0]])
})

test('tasks that are parts of each other are each there once', () => {
  const tasks = [task('a', { parent_id: 'b' }), task('b', { parent_id: 'a' }), task('c')]
  assert.equal(shown(tasks, {}), 'c a b')
  const { tasks: rows } = new Device(tasks).rows
  assert.deepEqual(withParts(rows.get('a')!, children(rows)).map(({ id }) => id), ['a', 'b'])
})
