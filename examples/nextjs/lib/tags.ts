/** Tags of all tasks at once, the trash included: only Duly's REST has that, so it needs the network. */
import type { Workspace } from '@/components/workspace'
import { complain, say } from './toasts'
import { finish } from './unfinished'

type Api = Workspace['api']

const LATEST = 50 // changes among which that of a moment ago is looked for

/** @returns Whether it was done; if not, it was said why. */
export function renameTag(api: Api, name: string, wanted: string): Promise<boolean> {
  const params = { path: { name } }
  return change(api, `#${name} is #${wanted} now`, () => api.PATCH('/api/tags/{name}', { params, body: { name: wanted } }))
}

/** @returns Whether it was done; if not, it was said why. */
export function removeTag(api: Api, name: string): Promise<boolean> {
  return change(api, `#${name} removed from all tasks`, () => api.DELETE('/api/tags/{name}', { params: { path: { name } } }))
}

async function change(api: Api, said: string, request: () => Promise<{ response: Response }>): Promise<boolean> {
  try {
    const { ids } = await finish(request)
    const [id = ''] = ids
    const undo = () => void takeBack(api, id).then(() => say('Undone'), complain)
    // What took several requests has more changes than one undo takes back.
    say(said, ids.length === 1 ? undo : undefined)
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

async function takeBack(api: Api, id: string): Promise<void> {
  const { data } = await api.GET('/api/history', { params: { query: { type: 'task', limit: LATEST } } })
  const version = data?.find(({ request_id }) => request_id === id)?.version
  if (version === undefined) throw new Error('Too much was changed since. The history of each task can undo it.')
  await api.POST('/api/undo', { body: { version } })
}
