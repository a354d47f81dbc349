import '@fontsource-variable/inter/index.css'
import './globals.css'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'

export const metadata: Metadata = {
  title: { default: 'Duly', template: '%s · Duly' },
  description: 'Tasks that are there at once, on every device and without a network.',
  manifest: '/manifest.webmanifest',
}
export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f6f6f4' },
    { media: '(prefers-color-scheme: dark)', color: '#131417' },
  ],
}

/** A choice of light or dark holds before anything is painted. */
const THEME = 'try { const t = localStorage.getItem("theme"); if (t) document.documentElement.dataset.theme = t } catch {}'

export default async function Layout({ children }: LayoutProps<'/'>) {
  // Every page is rendered for its request: the policy that proxy.ts sets names a nonce of its own.
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* Metadata may come after the page: by then the browser has asked for another one. */}
        <link rel="icon" href="/icon.svg" />
        <script nonce={nonce} dangerouslySetInnerHTML={{ __html: THEME }} suppressHydrationWarning />
      </head>
      <body>{children}</body>
    </html>
  )
}
