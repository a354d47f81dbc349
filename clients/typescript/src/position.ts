/** The order of tasks and lists. */
interface Placed {
  id: string
  position: string
}

/** For `sort`: by position, equal ones by id. Letters count as they are, in no language. */
export function byPosition(one: Placed, other: Placed): number {
  const [left, right] = one.position === other.position ? [one.id, other.id] : [one.position, other.position]
  return left < right ? -1 : 1
}

/** A position behind the last one of these. */
export function behind(positions: Iterable<string>): string {
  let last = ''
  for (const position of positions) if (position > last) last = position
  return between(last, '')
}

/** A position next to that of a neighbour, on one side, among the others that are there. */
export function beside(neighbour: string, isBefore: boolean, positions: Iterable<string>): string {
  let next = ''
  for (const position of positions) {
    const isThere = isBefore ? position < neighbour : position > neighbour
    if (isThere && (!next || position > next === isBefore)) next = position
  }
  return isBefore ? between(next, neighbour) : between(neighbour, next)
}

/** Between two positions, until Duly gives the real one; an empty one is the end.
 *
 *  Duly's are of digits and letters, which come behind the characters that are used here. */
function between(low: string, high: string): string {
  if (!high.startsWith(low) || high === low) return `${low} `
  const next = high.charCodeAt(low.length)
  return next > 1 ? low + String.fromCharCode(next >> 1) : between(`${low}\0`, high)
}
