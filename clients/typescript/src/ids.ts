/** A new id for a task, a list or a command: a UUIDv7 (RFC 9562), which begins with the time. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  const random = crypto.randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}

/** When an id was made, as Duly writes times. The last three digits tell ids of one millisecond apart. */
export function timeOf(id: string): string {
  const digits = id.replaceAll('-', '')
  const time = new Date(parseInt(digits.slice(0, 12), 16)).toISOString()
  const rest = parseInt(digits.slice(13, 16), 16) % 1000
  return time.replace('Z', `${String(rest).padStart(3, '0')}Z`)
}
