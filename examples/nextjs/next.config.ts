import { existsSync } from 'node:fs'
import path from 'node:path'
import type { NextConfig } from 'next'

const here = import.meta.dirname
const repository = path.join(here, '..', '..')

// Beside Duly's client it is built from there; a copy has the client in its own lib/duly-client.
const root = existsSync(path.join(repository, 'clients', 'typescript')) ? repository : here

const config: NextConfig = {
  reactCompiler: true,
  reactStrictMode: true,
  poweredByHeader: false,
  outputFileTracingRoot: root,
  turbopack: { root },
}

export default config
