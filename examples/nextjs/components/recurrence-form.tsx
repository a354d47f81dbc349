'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { addDays } from '@/lib/dates'
import { DAY_NAMES, DAYS, type Day, ordinal, type Rule, type Unit, UNITS, words, write } from '@/lib/recurrence'
import { useNow } from './workspace'

const SMALL = 'field w-auto max-w-full min-h-9 px-2 py-1 pointer-coarse:min-h-11'

interface Edit {
  rule: Rule
  change: (rule: Rule) => void
}

/** A rule of one's own, and in words what it means. */
export function RecurrenceForm({ rule, change, done, cancel }: Edit & { done: () => void; cancel: () => void }) {
  const edit = { rule, change }
  return (
    <fieldset
      className="space-y-3 rounded-xl border border-line p-3"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        cancel()
      }}
    >
      <legend className="sr-only">Custom repetition</legend>
      <div className="flex flex-wrap items-center gap-2">
        <label htmlFor="task-every">Every</label>
        <Count id="task-every" value={rule.every} most={999} change={(every) => change({ ...rule, every })} autoFocus />
        <select
          aria-label="Unit"
          className={SMALL}
          value={rule.unit}
          onChange={(event) => change({ ...rule, unit: event.target.value as Unit, days: [], on: null })}
        >
          {Object.entries(UNITS).map(([unit, name]) => (
            <option key={unit} value={unit}>{rule.every === 1 ? name : `${name}s`}</option>
          ))}
        </select>
      </div>
      {rule.unit === 'WEEKLY' && <Days {...edit} />}
      {rule.unit === 'MONTHLY' && <OfMonth {...edit} />}
      <End {...edit} />
      <p className="text-sm text-soft">{words(write(rule))}</p>
      <div className="flex gap-2">
        <button type="button" className="button-primary" onClick={done}>Done</button>
        <button type="button" className="button-plain" onClick={cancel}>Cancel</button>
      </div>
    </fieldset>
  )
}

/** It may be empty while somebody types: then the number from before holds. */
function Count({ value, most, change, ...input }: { value: number; most: number; change: (value: number) => void } & Omit<React.ComponentProps<'input'>, 'value'>) {
  return (
    <input
      {...input}
      type="number"
      min={1}
      max={most}
      className={`${SMALL} w-18`}
      defaultValue={value}
      onChange={({ target }) => target.value && target.validity.valid && change(target.valueAsNumber)}
    />
  )
}

function Days({ rule, change }: Edit) {
  const toggle = (day: Day) =>
    change({ ...rule, days: rule.days.includes(day) ? rule.days.filter((each) => each !== day) : [...rule.days, day] })
  return (
    <div role="group" aria-label="On" className="flex flex-wrap gap-1.5">
      {DAYS.map((day) => (
        <button
          key={day}
          type="button"
          aria-pressed={rule.days.includes(day)}
          className="size-8 rounded-full border border-line text-sm hover:bg-hover aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:text-on-accent pointer-coarse:size-11"
          onClick={() => toggle(day)}
        >
          <span aria-hidden="true">{DAY_NAMES[day].slice(0, 2)}</span>
          <span className="sr-only">{DAY_NAMES[day]}</span>
        </button>
      ))}
    </div>
  )
}

function OfMonth({ rule, change }: Edit) {
  const { on } = rule
  const kind = !on ? 'same' : 'day' in on ? 'day' : 'nth'
  const kinds = { same: null, day: { day: 1 }, nth: { nth: 1, weekday: 'MO' } } as const
  return (
    <div className="flex flex-wrap items-center gap-2">
      <select
        aria-label="Which day"
        className={SMALL}
        value={kind}
        onChange={(event) => change({ ...rule, on: kinds[event.target.value as keyof typeof kinds] })}
      >
        <option value="same">on the day of its date</option>
        <option value="day">on a day</option>
        <option value="nth">on a weekday</option>
      </select>
      {on && 'day' in on && (
        <select
          aria-label="Day of the month"
          className={SMALL}
          value={on.day}
          onChange={(event) => change({ ...rule, on: { day: Number(event.target.value) } })}
        >
          {Array.from({ length: 31 }, (_, index) => <option key={index} value={index + 1}>{ordinal(index + 1)}</option>)}
          <option value={-1}>last</option>
        </select>
      )}
      {on && 'nth' in on && (
        <>
          <select
            aria-label="Which of the month"
            className={SMALL}
            value={on.nth}
            onChange={(event) => change({ ...rule, on: { ...on, nth: Number(event.target.value) } })}
          >
            {[1, 2, 3, 4, -1].map((nth) => <option key={nth} value={nth}>{ordinal(nth)}</option>)}
          </select>
          <select
            aria-label="Weekday"
            className={SMALL}
            value={on.weekday}
            onChange={(event) => change({ ...rule, on: { ...on, weekday: event.target.value as Day } })}
          >
            {DAYS.map((day) => <option key={day} value={day}>{DAY_NAMES[day]}</option>)}
          </select>
        </>
      )}
    </div>
  )
}

function End({ rule, change }: Edit) {
  const { day: today } = useNow()
  const { end } = rule
  const kind = !end ? 'never' : 'until' in end ? 'until' : 'count'
  const kinds = { never: null, until: { until: addDays(today, 90) }, count: { count: 10 } } as const
  return (
    <div className="flex flex-wrap items-center gap-2">
      <label htmlFor="task-ends">Ends</label>
      <select
        id="task-ends"
        className={SMALL}
        value={kind}
        onChange={(event) => change({ ...rule, end: kinds[event.target.value as keyof typeof kinds] })}
      >
        <option value="never">never</option>
        <option value="until">on a day</option>
        <option value="count">after some times</option>
      </select>
      {end && 'until' in end && (
        <input
          type="date"
          aria-label="Last day"
          className={SMALL}
          defaultValue={end.until}
          min={today}
          max="9999-12-31"
          onChange={({ target }) => target.value && target.validity.valid && change({ ...rule, end: { until: target.value } })}
        />
      )}
      {end && 'count' in end && (
        <Count aria-label="Times" value={end.count} most={1000} change={(count) => change({ ...rule, end: { count } })} />
      )}
    </div>
  )
}
