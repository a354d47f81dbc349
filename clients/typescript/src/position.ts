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

/** A position before or after another one, or the last, until Duly gives the real one. */
export function moved<Row extends Placed>(
  rows: ReadonlyMap<string, Row>,
  isBeside: (row: Row) => boolean,
  { before, after }: { before?: string; after?: string },
): string {
  const positions = [...rows.values()].filter(isBeside).map(({ position }) => position).sort()
  const neighbour = rows.get(before ?? after ?? '')?.position
  const at = neighbour === undefined ? positions.length : positions.indexOf(neighbour) + (before ? 0 : 1)
  const [low = '', high = ''] = [positions[at - 1], positions[at]]
  // Duly's positions are of digits and letters, which come behind all characters that are used here.
  return low + (high.startsWith(low) && high ? String.fromCharCode(high.charCodeAt(low.length) >> 1) : ' ')
}
