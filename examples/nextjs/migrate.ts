/** Better Auth's tables and its first signing key, before the first request: `npm run migrate`. */
import { getMigrations } from 'better-auth/db/migration'
import { auth } from './lib/auth'

const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(auth().options)
await runMigrations()
// Two requests at once for a key that does not exist yet would make two.
await auth().api.getJwks()
const changed = [...toBeCreated, ...toBeAdded].map(({ table }) => table)
console.log(changed.length ? `Better Auth's tables: ${changed.join(', ')}` : "Better Auth's tables are up to date")
process.exit()
