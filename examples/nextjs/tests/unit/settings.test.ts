import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { setting, tokenLifetime } from '@/lib/settings'

const before = { ...process.env }
afterEach(() => {
  process.env = { ...before }
})

test('an address may end with a slash, as it is copied from a browser', () => {
  process.env['DULY_URL'] = 'https://example.com/duly/'
  assert.equal(setting('DULY_URL'), 'https://example.com/duly')
})

test('what is missing, or is no address, is named with what it should be', () => {
  for (const value of ['', 'localhost:8000', 'duly.example.com', 'https://']) {
    process.env['DULY_URL'] = value
    assert.throws(() => setting('DULY_URL'), /^Error: Set DULY_URL: .* such as https:\/\/duly\.example\.com\.$/)
  }
})

test('a database may be named in any way that its driver knows', () => {
  process.env['DATABASE_URL'] = 'postgresql:///app?host=/run/postgresql'
  assert.equal(setting('DATABASE_URL'), process.env['DATABASE_URL'])
})

test('the lifetime of a token has a unit', () => {
  process.env['TOKEN_LIFETIME'] = ''
  assert.equal(tokenLifetime(), '15m')
  process.env['TOKEN_LIFETIME'] = '30s'
  assert.equal(tokenLifetime(), '30s')
  for (const value of ['300', 'soon', '0m', '5 m']) {
    process.env['TOKEN_LIFETIME'] = value
    assert.throws(tokenLifetime, /Set TOKEN_LIFETIME/)
  }
})
