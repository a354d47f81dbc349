/** Better Auth's tables and its first signing key, before the first request: `npm run migrate`. */
import { getMigrations } from 'better-auth/db/migration'
import { auth } from './lib/auth'

const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(auth().options)
await runMigrations()
// The first token makes the first key; two requests at once would make two.
await auth().api.signJWT({ body: { payload: {} } })
const changed = [...toBeCreated, ...toBeAdded].map(({ table }) => table)
console.log(changed.length ? `Better Auth's tables: ${changed.join(', ')}` : "Better Auth's tables are up to date")
process.exit()
