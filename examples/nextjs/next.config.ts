import { existsSync } from 'node:fs'
import path from 'node:path'
import type { NextConfig } from 'next'

const here = import.meta.dirname
const repository = path.join(here, '..', '..')

// Beside Duly's client it is built from there; a copy has the client in its own lib/duly-client.
const root = existsSync(path.join(repository, 'clients', 'typescript')) ? repository : here

const config: NextConfig = {
  // For an image: .next/standalone has what the server needs, and no more. `next start` wants the whole.
  ...(process.env['STANDALONE'] && { output: 'standalone' }),
  reactCompiler: true,
  reactStrictMode: true,
  poweredByHeader: false,
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'Referrer-Policy', value: 'same-origin' },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
      ],
    },
    // A token is for one browser, whatever stands between and would keep it.
    { source: '/api/auth/:path(token|get-session)', headers: [{ key: 'Cache-Control', value: 'no-store' }] },
  ],
  outputFileTracingRoot: root,
  turbopack: { root },
}

export default config
