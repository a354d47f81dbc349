'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { useEffect, useId, useRef, useState } from 'react'

/** Of a middle brightness: they show on light and on dark. Duly takes any. */
export const COLORS: readonly [name: string, value: string | null][] = [
  ['No colour', null],
  ['Red', '#d2453a'],
  ['Orange', '#c2570c'],
  ['Yellow', '#a87a08'],
  ['Green', '#2f855a'],
  ['Teal', '#0f8585'],
  ['Blue', '#2b6fd9'],
  ['Violet', '#7f55d4'],
  ['Pink', '#c2417f'],
]

/** Without a colour it is grey. */
export const shade = (color: string | null): string => color ?? 'var(--color-edge)'

/** A name, edited in its place: Enter keeps it, and so does leaving; Escape leaves it as it was.
 *
 *  With a `color` that is chosen as well. `onEnd` is told whether keys ended it: then the focus has to go somewhere.
 *  It `stays` for the next one after Enter. */
export function Editor({ label, name = '', color, placeholder, maxLength, stays = false, onKeep, onEnd }: {
  label: string
  name?: string
  color?: string | null
  placeholder?: string
  maxLength: number
  stays?: boolean
  onKeep: (name: string, color: string | null) => void
  onEnd: (isByKeys: boolean) => void
}) {
  const [chosen, setChosen] = useState(color)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.select(), [])

  function keep(): boolean {
    const text = input.current?.value.trim() ?? ''
    if (text && (text !== name || chosen !== color)) onKeep(text, chosen ?? null)
    return Boolean(text)
  }
  return (
    <form
      className="py-1"
      onSubmit={(event) => {
        event.preventDefault()
        const isKept = keep()
        if (stays && isKept) event.currentTarget.reset()
        else onEnd(true)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault() // or it would close a drawer
        event.stopPropagation()
        onEnd(true)
      }}
      onBlur={(event) => {
        if (event.currentTarget.contains(event.relatedTarget)) return
        keep()
        onEnd(false)
      }}
    >
      <input
        ref={input}
        dir="auto"
        className="field min-h-9 px-2.5 outline-offset-0 pointer-coarse:min-h-11"
        aria-label={label}
        defaultValue={name}
        placeholder={placeholder}
        maxLength={maxLength}
        autoComplete="off"
        enterKeyHint="done"
      />
      {color !== undefined && <Colors chosen={chosen ?? null} onChoose={setChosen} />}
    </form>
  )
}

function Colors({ chosen, onChoose }: { chosen: string | null; onChoose: (color: string | null) => void }) {
  const group = useId()
  const isOther = !COLORS.some(([, value]) => value === chosen)
  return (
    // The focus stays in the name: not every browser gives it to what is clicked.
    <fieldset className="mt-1.5 flex flex-wrap pl-2" onMouseDown={(event) => event.preventDefault()}>
      <legend className="sr-only">Colour</legend>
      {[...COLORS, ...(isOther ? ([['Another colour', chosen]] as const) : [])].map(([name, value]) => (
        <input
          key={name}
          type="radio"
          name={group}
          aria-label={name}
          title={name}
          checked={value === chosen}
          onChange={() => onChoose(value)}
          className="m-0 size-6 cursor-pointer appearance-none rounded-full border-2 border-transparent bg-clip-content p-[3px] checked:border-ink pointer-coarse:size-11 pointer-coarse:p-2"
          style={{ backgroundColor: shade(value) }}
        />
      ))}
    </fieldset>
  )
}
