'use client'

import { useRef } from 'react'
import { useDraft } from '@/lib/draft'

/** A date or a time. What is picked is kept at once; what is typed, when it is left or with Enter: on the way to
 *  2026 there is the year 2. */
export function KeptInput({ value, save, ...input }: {
  type: 'date' | 'time'
  value: string
  save: (text: string) => Promise<void>
} & Omit<React.ComponentProps<'input'>, 'value'>) {
  const draft = useDraft(value, save)
  const isTyping = useRef(false)

  function press(event: React.KeyboardEvent) {
    isTyping.current = true
    if (event.key === 'Enter') draft.keep()
    if (event.key !== 'Escape' || !draft.isTyped) return
    event.preventDefault()
    draft.restore()
  }
  return (
    <input
      {...input}
      value={draft.text}
      onPointerDown={() => (isTyping.current = false)}
      onKeyDown={press}
      onChange={({ target }) => {
        draft.type(target.value, !target.validity.badInput)
        if (!isTyping.current) draft.keep()
      }}
      onBlur={draft.keep}
    />
  )
}
