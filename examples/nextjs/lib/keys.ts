/** Keys for the whole page, where nothing is being typed and nothing is open above it. */
export type Keys = Record<string, (event: KeyboardEvent) => void>

const TYPING = 'input:not([type=checkbox]), textarea, select, [contenteditable]'

/** A key that is held goes on through a list, or moves something. It does nothing else more than once: of ten that
 *  are deleted, undo would bring back one. */
const GOES_ON = /^[jk]$|Arrow/

/** Begin to listen; what is given ends it. The names are those of `event.key`, with `Alt+` or `Control+` before. */
export function listen(keys: () => Keys): () => void {
  const heard = (event: KeyboardEvent) => {
    const target = event.target as Element
    if (event.defaultPrevented || event.isComposing || target.closest(TYPING)) return
    if (document.querySelector('dialog[open], :popover-open')) return
    const isControl = event.ctrlKey || event.metaKey
    const name = `${isControl ? 'Control+' : ''}${event.altKey ? 'Alt+' : ''}${event.key}`
    const act = keys()[name]
    if (!act) return
    event.preventDefault()
    if (!event.repeat || GOES_ON.test(event.key)) act(event)
  }
  addEventListener('keydown', heard)
  return () => removeEventListener('keydown', heard)
}
