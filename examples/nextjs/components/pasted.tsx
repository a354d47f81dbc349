'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

export const MOST = 50 // tasks that one paste makes
const SHOWN = 3

const MARK = /^\s*(?:(?:[-*•–]|\d{1,3}[.)])\s+)?(?:\[[ x]\]\s+)?/i

/** The lines of a text, without what marks them as items: `- [ ] Buy milk` is `Buy milk`. */
export const linesOf = (text: string): string[] =>
  text.split(/\r?\n/).map((line) => line.replace(MARK, '').trim()).filter(Boolean)

/** Several lines were pasted where there is room for one: Enter makes a task of each. */
export function Pasted({ lines, onMany, onOne, onCancel }: {
  lines: string[]
  onMany: () => void
  onOne: () => void
  onCancel: () => void
}) {
  const many = Math.min(lines.length, MOST)
  const more = lines.length - SHOWN
  return (
    <div
      role="group"
      aria-label={`${lines.length} lines were pasted`}
      className="card mt-2 p-3"
      onKeyDown={(event) => event.key === 'Escape' && onCancel()}
    >
      <ul className="px-1 text-sm text-soft">
        {lines.slice(0, SHOWN).map((line, index) => <li key={index} dir="auto" className="truncate">{line}</li>)}
        {more > 0 && <li>and {more} more</li>}
      </ul>
      {lines.length > MOST && <p className="mt-1 px-1 text-sm">The first {MOST} become tasks: that is the most at once.</p>}
      <div className="mt-2 flex flex-wrap gap-2">
        <button type="button" autoFocus className="button-primary" onClick={onMany}>Add {many} tasks</button>
        <button type="button" className="button-plain" onClick={onOne}>One task</button>
        <button type="button" className="button-plain" onClick={onCancel}>Cancel</button>
      </div>
    </div>
  )
}
