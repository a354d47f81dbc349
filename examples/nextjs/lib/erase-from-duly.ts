/** What somebody has in Duly goes before their account does. */
import { APIError } from 'better-auth/api'
import { send } from './api'
import { auth } from './auth'
import { setting } from './settings'

const PATIENCE = 5_000 // milliseconds

/** An error stops the deletion: the account stays, and the user can ask again. */
export async function eraseFromDuly({ id }: { id: string }): Promise<void> {
  const { token } = await auth().api.signJWT({ body: { payload: { sub: id } } })
  const answer = await send(`${setting('DULY_URL')}/api/me`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => undefined)
  if (!answer?.ok) throw new APIError('SERVICE_UNAVAILABLE', { message: 'Please try again later' })
}
