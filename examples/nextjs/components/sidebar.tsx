'use client'

/** Views, lists and tags, and who is signed in. `onGo` is called when somebody chose one: a drawer closes then. */
export function Sidebar({ onGo }: { onGo?: () => void }) {
  return <nav aria-label="Lists" onClick={onGo} />
}
