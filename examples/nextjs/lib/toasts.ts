/** What is said for a moment, and to those who do not see it. */
export interface Toast {
  key: number
  text: string
  isProblem: boolean
  /** Nothing is shown: it can be undone by keys. */
  isQuiet?: boolean
  /** What takes back what was done. */
  undo?: (() => void) | undefined
}

const SECONDS = 8

let toasts: readonly Toast[] = []
let announced = ''
let count = 0
const listeners = new Set<() => void>()

function show(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function add(toast: Omit<Toast, 'key'>): void {
  const key = ++count
  // Of what can be undone the latest has a button; keys take back what was before it too.
  const before = toasts.filter(({ isProblem, undo }) => undo || (isProblem && !toast.undo))
  const stay = toast.isQuiet ? toasts : before.map((each) => (each.isProblem ? each : { ...each, isQuiet: true }))
  show([...stay, { ...toast, key }])
  setTimeout(() => dismiss(key), SECONDS * 1000)
}

export const say = (text: string, undo?: () => void): void => add({ text, isProblem: false, undo })

export const keepUndo = (undo: () => void): void => add({ text: '', isProblem: false, isQuiet: true, undo })

/** For those who do not see what has changed: nothing is shown. */
export function announce(text: string): void {
  announced = announced === text ? `${text}\u00a0` : text // the same once more is to be read once more
  show(toasts)
}

export const announcement = () => announced

/** An error, in its own words. */
export const complain = (error: unknown): void =>
  add({
    text: error instanceof TypeError ? 'The network does not answer.' : error instanceof Error ? error.message : String(error),
    isProblem: true,
  })

export const dismiss = (key: number): void => show(toasts.filter((toast) => toast.key !== key))

/** Take back what was said last, if it can be. */
export function undoLatest(): boolean {
  const latest = toasts.findLast(({ undo }) => undo)
  if (!latest) return false
  dismiss(latest.key)
  latest.undo?.()
  return true
}

export const snapshot = () => toasts

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
