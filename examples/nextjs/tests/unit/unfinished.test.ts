import assert from 'node:assert/strict'
import { test } from 'node:test'
import { finish } from '../../lib/unfinished'

test('what Duly does piece by piece is asked for until all is done', async () => {
  const answers = [202, 202, 204].map((status, index) => ({
    response: new Response(null, { status, headers: { 'Retry-After': '0', 'X-Request-Id': `request ${index}` } }),
  }))
  const { ids } = await finish(async () => answers.shift()!)
  assert.deepEqual(ids, ['request 0', 'request 1', 'request 2'])
})

test('what fails in between is not asked for again', async () => {
  let asked = 0
  const failing = async () => {
    if (asked++) throw new Error('Try again later')
    return { response: new Response(null, { status: 202, headers: { 'Retry-After': '0' } }) }
  }
  await assert.rejects(finish(failing), /Try again later/)
  assert.equal(asked, 2)
})
