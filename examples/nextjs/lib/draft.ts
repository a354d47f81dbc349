import { startTransition, useEffect, useEffectEvent, useOptimistic, useRef, useState } from 'react'

interface Draft {
  text: string
  /** What was there when somebody began to type. */
  before: string
  /** Half a date is nothing to keep. */
  isWhole: boolean
}

/** A text that is edited in place. While it is, changes from elsewhere do not touch it; it is kept when the field is
 *  left, and also when it goes away with all that is around it.
 *
 *  @param save Is called with what was typed, if that is something else, and is over when `value` shows it. */
export function useDraft(value: string, save: (text: string) => Promise<void> | void) {
  const [shown, show] = useState<Draft | null>(null)
  const draft = useRef<Draft | null>(null)

  function type(text: string, isWhole = true) {
    draft.current = { text, isWhole, before: draft.current?.before ?? value }
    show(draft.current)
  }

  function restore() {
    draft.current = null
    show(null)
  }

  function keep() {
    const typed = draft.current
    if (!typed) return
    draft.current = null
    const done = () => show((now) => (now === typed ? null : now))
    if (!typed.isWhole || typed.text === typed.before) done()
    else void Promise.resolve(save(typed.text)).finally(done)
  }

  const leave = useEffectEvent(keep)
  useEffect(() => {
    // A page that is hidden may never be seen again.
    const hide = () => document.visibilityState === 'hidden' && leave()
    addEventListener('pagehide', leave)
    document.addEventListener('visibilitychange', hide)
    return () => {
      removeEventListener('pagehide', leave)
      document.removeEventListener('visibilitychange', hide)
      leave()
    }
  }, [])

  return { text: shown?.text ?? value, isTyped: shown !== null, type, keep, restore }
}

/** A choice that shows at once, and not only when it is on disk. */
export function useChoice<T>(value: T, save: (next: T) => Promise<void>): [T, (next: T) => void] {
  const [shown, show] = useOptimistic(value)
  const choose = (next: T) =>
    startTransition(async () => {
      show(next)
      await save(next)
    })
  return [shown, choose]
}
