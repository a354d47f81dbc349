/** Small things that this browser keeps, where it lets itself: it may forbid it, or have no room. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/** @param value null forgets it. What cannot be kept is forgotten: better nothing than something else. */
export function keep(name: string, value: string | null): void {
  try {
    // At once: other tabs are told of each step, and without a user they would go.
    if (value === null) localStorage.removeItem(name)
    else localStorage.setItem(name, value)
  } catch {
    if (value !== null) keep(name, null)
  }
}

/** Of what is kept under names that begin so, sorted. */
export function namesOf(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix)).sort()
  } catch {
    return []
  }
}
