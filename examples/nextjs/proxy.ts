import { getSessionCookie } from 'better-auth/cookies'
import { type NextRequest, NextResponse } from 'next/server'
import { setting } from '@/lib/settings'

/** A content security policy for each page, and signed-out visitors to where they sign in.
 *
 *  Whether there is a cookie is a hint that spares a page. The page asks Better Auth, and Duly checks each token. */
export function proxy(request: NextRequest): NextResponse {
  const { pathname } = request.nextUrl
  if (pathname === '/tasks' && !getSessionCookie(request))
    return NextResponse.redirect(new URL('/sign-in', setting('BETTER_AUTH_URL')))
  const nonce = btoa(crypto.randomUUID())
  const policy = contentSecurityPolicy(nonce)
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('Content-Security-Policy', policy) // Next.js takes the nonce for its own scripts from here
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('Content-Security-Policy', policy)
  return response
}

function contentSecurityPolicy(nonce: string): string {
  const isDevelopment = process.env.NODE_ENV === 'development'
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'", // styles that React sets on elements
    "img-src 'self' data:",
    `connect-src 'self' ${new URL(setting('DULY_URL')).origin}${isDevelopment ? ' ws:' : ''}`,
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  ].join('; ')
}

/** All but files and Better Auth, each by its whole name: what only begins so is a page as well. */
export const config = { matcher: '/((?!api/auth/|_next/static/|(?:sw\\.js|icon\\.svg|manifest\\.webmanifest)$).*)' }
