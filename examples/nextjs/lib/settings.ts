/** What the server is told by its environment, read when it is needed: nothing is baked into the build. */
const HOW = {
  BETTER_AUTH_URL: 'the origin of this application, such as https://app.example.com',
  BETTER_AUTH_SECRET: 'the output of `openssl rand -base64 32`, the same for all instances',
  DATABASE_URL: 'postgresql://USER:PASSWORD@HOST/DATABASE; Duly may use the same database',
  DULY_URL: 'where browsers reach Duly, such as https://duly.example.com',
} as const

// Both are addresses that paths are put after.
const isAddress = (name: string) => name === 'BETTER_AUTH_URL' || name === 'DULY_URL'

/** How long a token lasts, as Better Auth reads it: with a unit, since a number alone is a date there. */
export function tokenLifetime(): string {
  const value = process.env['TOKEN_LIFETIME'] || '15m'
  if (!/^[1-9]\d*[smh]$/.test(value)) throw new Error('Set TOKEN_LIFETIME: a number and its unit, such as 5m.')
  return value
}

export function setting(name: keyof typeof HOW): string {
  const value = process.env[name]
  if (!value || (isAddress(name) && !(/^https?:/.test(value) && URL.canParse(value))))
    throw new Error(`Set ${name}: ${HOW[name]}.`)
  return isAddress(name) ? value.replace(/\/+$/, '') : value
}
