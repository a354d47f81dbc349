'use client'

import { useDraft } from '@/lib/draft'

/** A text that is edited where it stands, as high as what is in it. Left, it is kept.
 *
 *  Of one line, Enter keeps it and Escape brings the text back; of several, Ctrl+Enter keeps it. */
export function GrowingText({ label, value, save, isLine = false, className = '', ...input }: {
  label: string
  value: string
  save: (text: string) => Promise<void>
  isLine?: boolean
} & Omit<React.ComponentProps<'textarea'>, 'value'>) {
  const draft = useDraft(value, save)

  function press(event: React.KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && (isLine || event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      draft.keep()
    }
    if (event.key !== 'Escape' || !isLine || !draft.isTyped) return
    event.preventDefault()
    draft.restore()
  }
  return (
    // What is typed is behind it once more, unseen: that gives it its height.
    <div
      data-text={draft.text}
      className={`grid min-w-0 after:invisible after:whitespace-pre-wrap after:wrap-anywhere after:content-[attr(data-text)_'_'] after:[grid-area:1/1] ${className}`}
    >
      <textarea
        {...input}
        aria-label={label}
        dir="auto"
        rows={1}
        className="w-full resize-none overflow-hidden rounded-md bg-transparent wrap-anywhere [grid-area:1/1] pointer-coarse:-my-2.5 pointer-coarse:py-2.5"
        value={draft.text}
        onChange={(event) => draft.type(isLine ? event.target.value.replace(/\s*\n\s*/g, ' ') : event.target.value)}
        onBlur={draft.keep}
        onKeyDown={press}
      />
    </div>
  )
}
