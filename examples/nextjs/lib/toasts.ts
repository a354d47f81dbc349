/** What is said for a moment, and to those who do not see it. */
export interface Toast {
  key: number
  text: string
  isProblem: boolean
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
  // One that can be undone makes place for the next one: Undo is for the latest.
  show([...toasts.filter(({ isProblem }) => isProblem && toast.undo === undefined).slice(-2), { ...toast, key }])
  setTimeout(() => dismiss(key), SECONDS * 1000)
}

export const say = (text: string, undo?: () => void): void => add({ text, isProblem: false, undo })

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
