/** The focus on a row of tasks, which is made first if it is far from the screen. */
const REVEAL = 'reveal-row'

export function onReveal(act: (id: string) => void, signal: AbortSignal): void {
  addEventListener(REVEAL, (event) => act((event as CustomEvent<string>).detail), { signal })
}

const titleOf = (id: string) => document.getElementById(`task-${id}`)

/** Whether there is such a row. */
export function focusRow(id: string): boolean {
  if (!titleOf(id)) dispatchEvent(new CustomEvent(REVEAL, { detail: id }))
  const title = titleOf(id)
  title?.focus()
  return title !== null
}
