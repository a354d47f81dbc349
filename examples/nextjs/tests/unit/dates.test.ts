// This device, for the tests: a clock is read when it is asked for.
process.env.TZ = 'UTC'

import assert from 'node:assert/strict'
import { test } from 'node:test'

const { addDays, dayText, dueHere, dueText, following, urgency, weekday, momentText } = await import('../../lib/dates')

const due = (due_date: string, due_time: string | null = null, due_time_zone: string | null = null) =>
  ({ due_date, due_time, due_time_zone })

test('a time in another zone is what the clock here shows then', () => {
  const cases: [string, string, string, string][] = [
    ['2026-11-26', '09:00', 'Europe/Berlin', '2026-11-26 08:00'],
    ['2026-07-01', '09:00', 'Europe/Berlin', '2026-07-01 07:00'],
    ['2026-11-26', '00:30', 'Asia/Tokyo', '2026-11-25 15:30'],
    ['2026-12-31', '20:00', 'America/New_York', '2027-01-01 01:00'],
    ['2026-11-26', '12:00', 'Asia/Kathmandu', '2026-11-26 06:15'],
    ['2026-11-26', '12:00', 'Pacific/Kiritimati', '2026-11-25 22:00'],
    ['2026-11-26', '12:00', 'Pacific/Niue', '2026-11-26 23:00'],
    // On the days on which clocks change, before and after it.
    ['2026-03-29', '01:30', 'Europe/Berlin', '2026-03-29 00:30'],
    ['2026-03-29', '03:30', 'Europe/Berlin', '2026-03-29 01:30'],
    ['2026-10-25', '01:30', 'Europe/Berlin', '2026-10-24 23:30'],
    ['2026-10-25', '03:30', 'Europe/Berlin', '2026-10-25 02:30'],
    ['2026-03-08', '01:30', 'America/New_York', '2026-03-08 06:30'],
    ['2026-11-01', '03:00', 'America/New_York', '2026-11-01 08:00'],
    // What a clock leaves out counts as before, and of what it shows twice the first (RFC 5545, 3.3.5).
    ['2026-03-29', '02:30', 'Europe/Berlin', '2026-03-29 01:30'],
    ['2026-10-25', '02:30', 'Europe/Berlin', '2026-10-25 00:30'],
    ['2026-04-05', '01:45', 'Australia/Lord_Howe', '2026-04-04 14:45'],
  ]
  for (const [day, time, zone, wanted] of cases) {
    const here = dueHere(due(day, `${time}:00`, zone))!
    assert.equal(`${here.day} ${here.time}`, wanted, `${day} ${time} ${zone}`)
  }
})

test('a zone that the browser does not know does not break the page', () => {
  assert.deepEqual(dueHere(due('2026-11-26', '09:00', 'Mars/Olympus')), { day: '2026-11-26', time: '09:00' })
})

test('days of any year have a place, also where another zone has no such day', () => {
  const cases: [string, string, string][] = [
    ['0026-11-27', 'Etc/GMT-9', '0026-11-27 01:00'],
    ['0999-05-01', 'UTC', '0999-05-01 10:00'],
    ['0001-01-01', 'Asia/Tokyo', '0001-01-01 10:00'],
    ['9999-12-31', 'America/New_York', '9999-12-31 10:00'],
  ]
  for (const [day, zone, wanted] of cases) {
    const here = dueHere(due(day, '10:00:00', zone))!
    assert.equal(`${here.day} ${here.time}`, wanted)
    assert.equal(urgency(due(day, '10:00:00', zone), { day: '2026-11-26', time: '09:00' }), day < '2' ? 'overdue' : 'later')
  }
})

test('a device that does not know its zone goes by UTC', async () => {
  process.env.TZ = 'Etc/Unknown'
  const { now, ZONE }: typeof import('../../lib/dates') = await import('../../lib/dates.ts?unknown' as string)
  process.env.TZ = 'UTC'
  assert.equal(ZONE, 'UTC')
  assert.match(now().day, /^\d{4}-\d\d-\d\d$/)
})

test('a day without a time, and a time without a zone, are the same everywhere', () => {
  assert.deepEqual(dueHere(due('2026-11-26', null, 'Asia/Tokyo')), { day: '2026-11-26', time: null })
  assert.deepEqual(dueHere(due('2026-11-26', '09:00:00')), { day: '2026-11-26', time: '09:00' })
  assert.equal(dueHere({ due_date: null, due_time: null, due_time_zone: null }), null)
})

test('days are counted across months, years and leap days, whatever clocks do', () => {
  assert.equal(addDays('2026-03-28', 1), '2026-03-29')
  assert.equal(addDays('2026-10-25', 1), '2026-10-26')
  assert.equal(addDays('2028-02-28', 1), '2028-02-29')
  assert.equal(addDays('2026-12-31', 1), '2027-01-01')
  assert.equal(addDays('2027-01-01', -1), '2026-12-31')
  assert.equal(weekday('2026-11-26'), 4)
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((day) => following('2026-11-26', day)), [
    '2026-11-29', '2026-11-30', '2026-12-01', '2026-12-02', '2026-12-03', '2026-11-27', '2026-11-28',
  ])
})

test('what is overdue is red by the minute', () => {
  const now = { day: '2026-11-26', time: '09:00' }
  assert.equal(urgency(due('2026-11-25'), now), 'overdue')
  assert.equal(urgency(due('2026-11-26'), now), 'today')
  assert.equal(urgency(due('2026-11-26', '08:59:00'), now), 'overdue')
  assert.equal(urgency(due('2026-11-26', '09:00:00'), now), 'today')
  assert.equal(urgency(due('2026-11-26', '09:30:00', 'Europe/Berlin'), now), 'overdue')
  assert.equal(urgency(due('2026-11-27', '00:30:00', 'Asia/Tokyo'), now), 'today')
  assert.equal(urgency(due('2026-11-27'), now), 'later')
})

test('days have the names that people use', () => {
  const named = (day: string) => dayText(day, '2026-11-26')
  assert.deepEqual(
    ['2026-11-25', '2026-11-26', '2026-11-27', '2026-12-02', '2026-12-03', '2027-01-01', '2026-11-24'].map(named),
    ['Yesterday', 'Today', 'Tomorrow', 'Wednesday', '3 Dec', '1 Jan 2027', '24 Nov'],
  )
  assert.equal(dueText(due('2026-11-26', '14:05:00'), '2026-11-26'), 'Today 14:05')
  assert.equal(momentText('2026-11-26T14:05:59.123Z', '2026-11-26'), 'Today 14:05')
})
