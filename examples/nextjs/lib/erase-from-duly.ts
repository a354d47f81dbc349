/** What somebody has in Duly goes before their account does. */
import { APIError } from 'better-auth/api'
import { send } from './api'
import { auth } from './auth'
import { setting } from './settings'

const PATIENCE = 5_000 // milliseconds

/** An error stops the deletion: the account stays, and the user can ask again. */
export async function eraseFromDuly({ id }: { id: string }, request?: Request): Promise<void> {
  // First of all other devices are signed out: Duly would begin anew for one that gets another token.
  if (request) await auth().api.revokeOtherSessions({ headers: request.headers })
  const { token } = await auth().api.signJWT({ body: { payload: { sub: id } } })
  const url = `${setting('DULY_URL')}/api/me`
  try {
    const headers = { Authorization: `Bearer ${token}` }
    const answer = await send(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(PATIENCE) })
    if (!answer.ok) throw new Error(`Duly answered ${answer.status}`)
  } catch (error) {
    // Whoever runs this has to mend it; the user can only come again.
    console.error(`An account stays, for its tasks could not be erased at ${url}:`, error)
    throw new APIError('SERVICE_UNAVAILABLE', { message: 'Please try again later' })
  }
}
