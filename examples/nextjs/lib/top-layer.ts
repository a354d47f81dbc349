/** The dialogs that are open, the topmost last. What is outside of that one can neither be reached nor heard. */
import { useSyncExternalStore } from 'react'

let dialogs: readonly HTMLDialogElement[] = []
const listeners = new Set<() => void>()

function change(next: readonly HTMLDialogElement[]): void {
  dialogs = next
  for (const listener of listeners) listener()
}

/** Say that a dialog is open; gives what says that it is closed. */
export function enter(dialog: HTMLDialogElement): () => void {
  change([...dialogs, dialog])
  return () => change(dialogs.filter((each) => each !== dialog))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useTopDialog = (): HTMLDialogElement | null =>
  useSyncExternalStore(subscribe, () => dialogs.at(-1) ?? null, () => null)

/** Where the focus goes when what had it is gone. */
export const focusTop = (): void => (dialogs.at(-1)?.querySelector('button') ?? document.querySelector('main'))?.focus({ preventScroll: true })

/** Out of a field, to the task that had the focus last, or the first one. */
export const focusList = (): void =>
  (document.querySelector<HTMLElement>('[id^="task-"][tabindex="0"]') ?? document.getElementById('tasks'))?.focus()
