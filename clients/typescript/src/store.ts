/** Where a replica is kept: IndexedDB, or nowhere when the browser gives no room. */
import type { Change } from './types'
import { type Delta, empty, type Entry, key, type Refused, type State } from './state'

export interface Store {
  load(): Promise<State>
  /** Take one step; its number tells all tabs in which order steps were taken. */
  write(delta: Delta): Promise<number>
  /** The number of the latest step. */
  step(): Promise<number>
  close(): void
}

const PATIENCE = 100 // milliseconds in which a tab that signs out tells the others, besides deleting it
const NAMES = ['rows', 'outbox', 'refused', 'meta']

const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const finished = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })

function connect(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    for (const store of NAMES) request.result.createObjectStore(store)
  }
  return result(request)
}

/** The database of one user. `lost` is called when somebody deletes it: the browser, a person, another tab. */
export async function open(name: string, lost: () => void): Promise<Store> {
  const database = await connect(name)
  database.onversionchange = () => {
    database.close()
    setTimeout(lost, PATIENCE)
  }
  database.onclose = lost
  return {
    load: () => load(database),
    write: (delta) => write(database, delta),
    step: async () => (await result(database.transaction('meta').objectStore('meta').get('step'))) ?? 0,
    close: () => database.close(),
  }
}

/** Leave nothing of it, also while somebody does not let go of it: then it goes empty, and later. */
export async function remove(name: string): Promise<void> {
  const database = await connect(name)
  const transaction = database.transaction(NAMES, 'readwrite')
  for (const store of NAMES) transaction.objectStore(store).clear()
  await finished(transaction)
  database.close()
  const request = indexedDB.deleteDatabase(name)
  await new Promise((resolve) => (request.onsuccess = request.onerror = request.onblocked = resolve))
}

async function load(database: IDBDatabase): Promise<State> {
  const transaction = database.transaction(NAMES)
  const all = <T>(name: string) => result<T[]>(transaction.objectStore(name).getAll())
  const meta = transaction.objectStore('meta')
  const [rows, outbox, refused, cursor, step] = await Promise.all([
    all<Change>('rows'),
    all<Entry>('outbox'),
    all<Refused>('refused'),
    result<string | undefined>(meta.get('cursor')),
    result<number | undefined>(meta.get('step')),
  ])
  const known = new Map(rows.map((row) => [key(row), row]))
  return { rows: known, outbox, refused, cursor: cursor ?? null, step: step ?? 0 }
}

/** One transaction: a crash leaves all of a step or none of it. */
function write(database: IDBDatabase, delta: Delta): Promise<number> {
  // Strict: what was shown must outlive the loss of power too, not only the end of the browser.
  const transaction = database.transaction(NAMES, 'readwrite', { durability: 'strict' })
  const [rows, outbox, refused, meta] = NAMES.map((name) => transaction.objectStore(name)) as [
    IDBObjectStore, IDBObjectStore, IDBObjectStore, IDBObjectStore,
  ]
  let step = 0
  const counted = meta.get('step') as IDBRequest<number | undefined>
  counted.onsuccess = () => {
    step = (counted.result ?? 0) + 1
    meta.put(step, 'step')
    if (delta.queued) outbox.put({ order: step, command: delta.queued }, step)
  }
  for (const change of delta.changes ?? [])
    if (change.deleted) rows.delete(key(change))
    else rows.put(change, key(change))
  for (const dropped of delta.dropped ?? []) rows.delete(dropped)
  if (delta.cursor !== undefined) meta.put(delta.cursor, 'cursor')
  for (const entry of delta.placed ?? []) {
    for (const { order } of entry.parts ?? []) outbox.delete(order)
    outbox.put(entry, entry.order)
  }
  for (const { order, command, problem } of delta.settled ?? []) {
    outbox.delete(order)
    if (problem) refused.put({ command, problem }, command.uuid)
  }
  if (delta.dismissed) refused.delete(delta.dismissed)
  return finished(transaction).then(() => step)
}

/** Keeps nothing; goes on from where another store was. */
export function nowhere(step: number): Store {
  return {
    load: async () => ({ ...empty(), step }),
    write: async () => ++step,
    step: async () => step,
    close: () => undefined,
  }
}
