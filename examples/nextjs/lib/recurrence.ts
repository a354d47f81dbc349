/** A rule in words. */
export function phrase(rule: string): string {
  return rule
}
