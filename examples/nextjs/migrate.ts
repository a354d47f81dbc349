/** Better Auth's tables and its first signing key, before the first request: `npm run migrate`. */
import { getMigrations } from 'better-auth/db/migration'
import { auth } from './lib/auth'

async function migrate(): Promise<string> {
  const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(auth().options)
  await runMigrations()
  // The first token makes the first key; two requests at once would make two.
  await auth().api.signJWT({ body: { payload: {} } })
  const changed = [...toBeCreated, ...toBeAdded].map(({ table }) => table)
  return changed.length ? `Better Auth's tables: ${changed.join(', ')}` : "Better Auth's tables are up to date"
}

/** In words: an address that leads nowhere, tried by IPv6 and IPv4, is an error that has none of its own. */
function said(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(said).join('; ')
  return error instanceof Error ? error.message : String(error)
}

try {
  console.log(await migrate())
  process.exit()
} catch (error) {
  console.error(`Better Auth's tables were not made: ${said(error)}`)
  process.exit(1)
}
