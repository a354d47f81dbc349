/** Server-sent events by `fetch`, since EventSource cannot send a token (HTML standard, 9.2). */
export interface Message {
  event: string
  data: string
  /** Where to go on after it. */
  id: string
  /** In a comment: seconds after which another one comes, if nothing else does. */
  heartbeat: number
}

/** The messages of a stream as they come, those that came together at once: none with a piece of one. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message[]> {
  const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>
  const reader = body.pipeThrough(decoder).getReader()
  for (let text = ''; ; ) {
    const { value, done } = await reader.read()
    if (done) return
    const parts = (text + value).split(/\r?\n\r?\n/)
    text = parts.pop() ?? ''
    yield parts.map(parse)
  }
}

function parse(part: string): Message {
  const message = { event: '', data: '', id: '', heartbeat: 0 }
  for (const line of part.split(/\r?\n/)) {
    const [, name, value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? []
    if (name === 'event') message.event = value
    if (name === 'id') message.id = value
    if (name === '' && value.startsWith('heartbeat ')) message.heartbeat = Number(value.slice(10))
    if (name === 'data') message.data += `${value}\n`
  }
  return message
}
