import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, current } from '../../lib/view'

test('an address says what is shown, and is said again as it was', () => {
  const view = { view: 'today', tag: 'a/b & c', sort: 'due', done: '1', task: '1' } as const
  assert.deepEqual(current(address(view).slice('/tasks'.length)), view)
})

test('what means nothing in an address is left out', () => {
  for (const nonsense of ['nonsense', '__proto__', 'constructor', ''])
    assert.deepEqual(current(`?view=${nonsense}&sort=${nonsense}&tag=work`), { tag: 'work' })
})
