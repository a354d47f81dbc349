import type { Metadata } from 'next'
import './globals.css'
export const metadata: Metadata = { title: 'Duly' }
export default function Layout({ children }: LayoutProps<'/'>) {
  return <html lang="en"><body>{children}</body></html>
}
