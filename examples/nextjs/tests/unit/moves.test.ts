import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropped, nested, outdented, shifted } from '../../lib/moves'
import { select } from '../../lib/select'
import { Device, list, task } from './rows'

const NOW = { day: '2026-11-26', time: '09:00' }
const rowsOf = (device: Device) => select(device.rows, {}, NOW, new Set())[0]?.rows ?? []

/** As it is shown: ids, deeper ones with a dash for each level. */
const shown = (device: Device) => rowsOf(device).map(({ task, depth }) => '-'.repeat(depth) + task.id)

/** a, a1, a2, b, c: two parts of the first. */
const device = () =>
  new Device([task('a'), task('a1', { parent_id: 'a' }), task('a2', { parent_id: 'a' }), task('b'), task('c')])

function after(make: (device: Device) => ReturnType<typeof shifted>): string[] {
  const here = device()
  const wish = make(here)
  assert.ok(wish)
  here.send(wish)
  return shown(here)
}

test('up and down are among siblings, with all parts', () => {
  const move = (id: string, by: -1 | 1) => after(({ rows }) => shifted(rows.tasks.get(id)!, by, rows.tasks))
  assert.deepEqual(move('b', -1), ['b', 'a', '-a1', '-a2', 'c'])
  assert.deepEqual(move('a', 1), ['b', 'a', '-a1', '-a2', 'c'])
  assert.deepEqual(move('a2', -1), ['a', '-a2', '-a1', 'b', 'c'])
})

test('the first goes no higher and the last no lower', () => {
  const { tasks } = device().rows
  for (const [id, by] of [['a', -1], ['c', 1], ['a1', -1], ['a2', 1]] as const)
    assert.equal(shifted(tasks.get(id)!, by, tasks), undefined)
})

test('what is done or in the trash is passed by', () => {
  const here = new Device([task('a'), task('b', { completed: true }), task('c', { deleted_at: '2026-11-01T00:00:00Z' }), task('d')])
  assert.deepEqual(shifted(here.rows.tasks.get('d')!, -1, here.rows.tasks), { type: 'task.move', id: 'd', before: 'a' })
})

test('a task becomes a part of the one above, and comes out behind it', () => {
  assert.deepEqual(after(({ rows }) => nested(rows.tasks.get('b')!, rows.tasks)), ['a', '-a1', '-a2', '-b', 'c'])
  assert.deepEqual(after(({ rows }) => outdented(rows.tasks.get('a1')!)), ['a', '-a2', 'a1', 'b', 'c'])
  const { tasks } = device().rows
  assert.equal(nested(tasks.get('a')!, tasks), undefined)
  assert.equal(outdented(tasks.get('a')!), undefined)
})

test('nothing is deeper than the five levels that Duly keeps', () => {
  const chain = ['a', 'b', 'c', 'd'].map((id, index, all) => task(id, { parent_id: all[index - 1] ?? null }))
  const here = new Device([...chain, task('e', { parent_id: 'd' }), task('f', { parent_id: 'd' }), task('x'), task('y', { parent_id: 'x' })])
  const nest = (id: string) => nested(here.rows.tasks.get(id)!, here.rows.tasks)
  assert.equal(nest('f'), undefined)
  assert.ok(nest('x')) // two levels below the first
  const deep = new Device([...chain, task('x'), ...['y', 'z', 'u', 'v'].map((id, index, all) => task(id, { parent_id: all[index - 1] ?? 'x' }))])
  assert.equal(nested(deep.rows.tasks.get('x')!, deep.rows.tasks), undefined)
})

test('dropped at each place it is where the line was', () => {
  const places: Record<number, string[]> = {
    0: ['c', 'a', '-a1', '-a2', 'b'],
    1: ['a', '-c', '-a1', '-a2', 'b'],
    2: ['a', '-a1', '-c', '-a2', 'b'],
    4: ['a', '-a1', '-a2', 'b', 'c'],
  }
  for (const [to, wanted] of Object.entries(places))
    assert.deepEqual(after((here) => dropped('c', Number(to), rowsOf(here), here.rows.tasks)), wanted, to)
})

test('a task is never dropped into itself', () => {
  const here = device()
  for (const to of [1, 2]) assert.equal(dropped('a', to, rowsOf(here), here.rows.tasks), undefined)
  assert.equal(dropped('nothing', 0, rowsOf(here), here.rows.tasks), undefined)
})

test('two that two devices made parts of each other are no endless loop', () => {
  // One is known, the other waits: Duly will refuse it.
  const here = new Device([task('a'), task('b', { parent_id: 'a' }), task('c')], [list('inbox', { is_inbox: true })])
  here.send({ type: 'task.move', id: 'a', parent_id: 'b' })
  const { tasks } = here.rows
  assert.doesNotThrow(() => {
    for (const id of ['a', 'b', 'c']) {
      const each = tasks.get(id)!
      nested(each, tasks)
      shifted(each, 1, tasks)
      dropped(id, 0, rowsOf(here), tasks)
    }
  })
  assert.deepEqual(shown(here).length, 3)
})
