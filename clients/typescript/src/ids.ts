/** A new id for a task or a list: a UUIDv7 (RFC 9562), which begins with the time. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  const random = crypto.randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}
