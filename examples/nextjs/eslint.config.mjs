import hooks from 'eslint-plugin-react-hooks'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const client = 'Requests go through lib/api.ts, which has the token, the keys and the problems.'
const networks = ['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket']

export default defineConfig([
  globalIgnores(['.next/', 'next-env.d.ts', 'lib/duly.d.ts', 'lib/duly-client/']),
  tseslint.configs.strict,
  hooks.configs.flat['recommended-latest'],
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
      'no-restricted-globals': ['error', ...networks.map((name) => ({ name, message: client }))],
      'no-restricted-properties': [
        'error',
        ...['window', 'globalThis', 'self'].flatMap((object) =>
          networks.map((property) => ({ object, property, message: client })),
        ),
        { object: 'navigator', property: 'sendBeacon', message: client },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off', // noUncheckedIndexedAccess asks for it where an index is known
    },
  },
  { files: ['lib/api.ts', 'public/sw.js', 'tests/**'], rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' } },
])
