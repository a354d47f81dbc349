// What a browser client relies on in the types of the document. It only has to compile: right
// uses do, wrong ones do not.
import createClient from 'openapi-fetch'
import type { components, paths } from './duly'

type Schemas = components['schemas']

const duly = createClient<paths>({ baseUrl: 'https://api.example.com' })
const path = { task_id: '01a2047c-ebaa-79f4-a0e0-dcd48e275a9e' }

// A body asks for what the service cannot do without, and its parameters are never null.
export const bodies = () => [
  duly.POST('/api/tasks', { body: { title: 'Buy milk' } }),
  duly.PATCH('/api/tasks/{task_id}', { params: { path }, body: { due_date: null } }),
  duly.PATCH('/api/tasks/{task_id}/complete', { params: { path } }),
  duly.POST('/api/tasks/{task_id}/complete', { params: { path }, body: { completed: true } }),
  duly.GET('/api/tasks', { params: { query: { cursor: 'x', count: 'exact', tag: ['home'] } } }),
  // @ts-expect-error: without a title there is no task
  duly.POST('/api/tasks', { body: { completed: true } }),
  // @ts-expect-error: a title is never null
  duly.PATCH('/api/tasks/{task_id}', { params: { path }, body: { title: null } }),
  // @ts-expect-error: it has a body, or none
  duly.PATCH('/api/tasks/{task_id}/complete', { params: { path }, body: null }),
  // @ts-expect-error: what is absent is left out
  duly.GET('/api/tasks', { params: { query: { cursor: null } } }),
  // @ts-expect-error: there is no such parameter
  duly.GET('/api/tasks', { params: { query: { page: 2 } } }),
  // @ts-expect-error: the caller's own path is the short one
  duly.GET('/api/{user_id}/tasks', { params: { path: { user_id: 'alice' } } }),
]
export const complete: Schemas['TaskComplete'] = { completed: true }

// Header fields have the names of their RFCs, each where it means something.
const key = { 'Idempotency-Key': 'one' }
const both = { ...key, 'If-Match': '"1"' }
export const headers = () => [
  duly.POST('/api/tasks', { params: { header: { 'If-None-Match': '*' } }, body: { title: 'x' } }),
  duly.PATCH('/api/tasks/{task_id}', { params: { path, header: both }, body: {} }),
  duly.DELETE('/api/tasks/{task_id}', { params: { path, header: both } }),
  duly.POST('/api/sync', { params: { header: key }, body: {} }),
  duly.GET('/api/tasks', { params: { header: { 'If-None-Match': '"1"' } } }),
  duly.GET('/api/events', { params: { header: { 'Last-Event-ID': '1' } }, parseAs: 'stream' }),
  // @ts-expect-error: not in lower case
  duly.PATCH('/api/tasks/{task_id}', { params: { path, header: { 'if-match': '"1"' } }, body: {} }),
  // @ts-expect-error: what reads has no key
  duly.GET('/api/tasks', { params: { header: { 'Idempotency-Key': 'one' } } }),
  // @ts-expect-error: commands have versions of their own
  duly.POST('/api/sync', { params: { header: { 'If-Match': '"1"' } }, body: {} }),
]
type Created = paths['/api/tasks']['post']['responses'][201]['headers']
export const replayed = (said: Created): string | undefined =>
  said['Idempotency-Replayed'] ?? said.ETag ?? said.Location

// A problem has the members that it has, and one of the codes of what was asked.
export async function problems(): Promise<unknown> {
  const listed = (await duly.GET('/api/tasks')).error
  const undone = (await duly.POST('/api/undo', { body: { version: 1 } })).error
  const changed = (await duly.PATCH('/api/tasks/{task_id}', { params: { path }, body: {} })).error
  const any: Schemas['ProblemDocument'] | undefined = listed ?? undone ?? changed
  const pointers: string[] | undefined = changed?.errors?.map((each) => each.pointer)
  const right = [
    listed?.code === 'rate_limited',
    undone?.code === 'undo_conflict' && undone.versions,
    changed?.code === 'stale_version' && changed.current,
    changed?.code === 'misplaced' && changed.detail,
  ]
  const wrong = [
    // @ts-expect-error: a list is undone by nobody
    listed?.code === 'undo_conflict',
    // @ts-expect-error: it writes nothing
    listed?.code === 'stale_version',
    // @ts-expect-error: it is no create
    changed?.code === 'too_many_tasks',
    // @ts-expect-error: nobody answers that
    changed?.code === 'stale',
    // @ts-expect-error: there is no such member
    changed?.message,
  ]
  return [any, pointers, right, wrong]
}

// All that health checks can be told, and nothing else: one that is forgotten would not compile.
type Livez = NonNullable<Awaited<ReturnType<typeof live>>['error']>['code']
const live = () => duly.GET('/livez')
export const livez: Record<Livez, string> = {
  body_too_large: 'smaller',
  deadline_exceeded: 'later',
  headers_too_large: 'smaller',
  internal_error: 'report',
  malformed_request: 'mend',
  not_acceptable: 'mend',
  overloaded: 'later',
  request_timeout: 'later',
  url_too_long: 'smaller',
  validation_failed: 'mend',
}

// What is one of several is known by its tag.
export function titles(change: Schemas['Change']): string | undefined {
  switch (change.type) {
    case 'task':
      return change.data?.title
    case 'list':
      // @ts-expect-error: a list has a name
      return change.data?.name ?? change.data?.title
    case 'settings':
      return change.data?.time_zone
  }
}
type Command = NonNullable<Schemas['Sync']['commands']>[number]
const [id, uuid] = [path.task_id, 'one']
export const commands: Command[] = [
  { type: 'task.create', uuid, id, title: 'x' },
  { type: 'task.update', uuid, id, base_version: 3, due_date: null },
  { type: 'list.move', uuid, id, before: path.task_id },
  { type: 'settings.update', uuid, time_zone: 'Europe/Berlin' },
  // @ts-expect-error: without a title there is no task
  { type: 'task.create', uuid, id },
  // @ts-expect-error: a list has a name
  { type: 'list.update', uuid, id, title: 'x' },
  // @ts-expect-error: there is no such command
  { type: 'task.purge', uuid, id },
]
type Operation = Schemas['BatchOperations']['operations'][number]
export const operations: Operation[] = [
  { op: 'create', task: { title: 'x' } },
  { op: 'update', id, patch: { title: 'x' } },
  // @ts-expect-error: a create makes an id, or has it in its task
  { op: 'create', id, patch: { title: 'x' } },
  // @ts-expect-error: there is no such operation
  { op: 'purge', id },
]
export const changed = (answer: Schemas['BatchAnswer']): number =>
  'changed' in answer ? answer.changed : answer.results.length
