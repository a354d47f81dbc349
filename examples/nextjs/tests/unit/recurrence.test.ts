import assert from 'node:assert/strict'
import { test } from 'node:test'
import { first, PRESETS, read, words, write } from '../../lib/recurrence'

const SHOWN = {
  'FREQ=DAILY': 'Every day',
  'FREQ=DAILY;INTERVAL=3': 'Every 3 days',
  'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR': 'Every weekday',
  'FREQ=WEEKLY;BYDAY=SA': 'Every week on Saturday',
  'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR': 'Every 2 weeks on Monday, Wednesday and Friday',
  'FREQ=MONTHLY': 'Every month',
  'FREQ=MONTHLY;BYMONTHDAY=-1': 'Every month on the last day',
  'FREQ=MONTHLY;BYMONTHDAY=22': 'Every month on the 22nd',
  'FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU': 'Every 3 months on the 2nd Tuesday',
  'FREQ=MONTHLY;BYDAY=-1FR': 'Every month on the last Friday',
  'FREQ=YEARLY;UNTIL=20301231': 'Every year, until 31 Dec 2030',
  'FREQ=DAILY;COUNT=5': 'Every day, 5 times',
  'FREQ=DAILY;COUNT=1': 'Every day, once',
}

for (const [text, said] of Object.entries(SHOWN))
  test(`${text} is said as “${said}” and stays what it is`, () => {
    assert.equal(words(text), said)
    assert.equal(write(read(text)!), text)
  })

test('every preset is a rule that the form can show', () => {
  for (const preset of PRESETS) assert.equal(write(read(preset)!), preset)
})

const KEPT = [
  'FREQ=HOURLY;INTERVAL=8;COUNT=21',
  'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
  'FREQ=MONTHLY;BYMONTHDAY=1,15',
  'FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR',
  'FREQ=MONTHLY;BYDAY=5MO',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
  'FREQ=YEARLY;BYDAY=20MO',
  'FREQ=DAILY;BYDAY=MO',
  'FREQ=WEEKLY;BYDAY=MO;WKST=SU',
  'FREQ=DAILY;UNTIL=20261231T170000Z',
]

for (const text of KEPT)
  test(`${text} is more than the form can show, and is said as it is`, () => {
    assert.equal(read(text), null)
    assert.equal(words(text), text)
  })

test('Monday as the first day of the week is what a week is anyway', () => {
  assert.equal(write(read('FREQ=WEEKLY;BYDAY=MO;WKST=MO')!), 'FREQ=WEEKLY;BYDAY=MO')
})

const FROM = '2026-11-26' // a Thursday

const FIRST = {
  'FREQ=DAILY': '2026-11-26',
  'FREQ=WEEKLY;BYDAY=TH': '2026-11-26',
  'FREQ=WEEKLY;BYDAY=TU,WE': '2026-12-01',
  'FREQ=MONTHLY;BYMONTHDAY=-1': '2026-11-30',
  'FREQ=MONTHLY;BYMONTHDAY=31': '2026-12-31',
  'FREQ=MONTHLY;BYDAY=2TU': '2026-12-08',
  'FREQ=MONTHLY;BYDAY=-1TH': '2026-11-26',
  'FREQ=MONTHLY;BYDAY=-1SU': '2026-11-29',
  'FREQ=HOURLY': '2026-11-26',
}

for (const [text, day] of Object.entries(FIRST))
  test(`without a date, ${text} begins on ${day}`, () => assert.equal(first(text, FROM), day))

test('a 31st is found from the day after one', () => assert.equal(first('FREQ=MONTHLY;BYMONTHDAY=31', '2026-09-01'), '2026-10-31'))
