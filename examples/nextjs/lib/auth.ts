/** Better Auth, on the server: who somebody is, and tokens that Duly accepts. */
import { betterAuth } from 'better-auth'
import { jwt } from 'better-auth/plugins'
import { Pool } from 'pg'
import { eraseFromDuly } from './erase-from-duly'
import { setting, tokenLifetime } from './settings'

const make = () =>
  betterAuth({
    appName: 'Duly',
    // Issuer and audience of the tokens too: without it they are whatever host a request named.
    baseURL: setting('BETTER_AUTH_URL'),
    secret: setting('BETTER_AUTH_SECRET'),
    // Duly's tables are in the schema `duly` of the same database, Better Auth's in `public`.
    database: new Pool({ connectionString: setting('DATABASE_URL') }),
    emailAndPassword: { enabled: true },
    user: { deleteUser: { enabled: true, beforeDelete: eraseFromDuly } },
    plugins: [
      jwt({
        jwt: {
          // Whoever is signed out keeps Duly for as long at most; each page asks for another one before it ends.
          expirationTime: tokenLifetime(),
          definePayload: ({ user }) => ({ email: user.email, name: user.name }),
        },
      }),
    ],
    telemetry: { enabled: false },
  })

let made: ReturnType<typeof make> | undefined

/** Made when it is first needed: `next build` knows no secrets. */
export const auth = () => (made ??= make())
