import type { Metadata } from 'next'
import { SignForm } from '@/components/sign-form'
import { setting } from '@/lib/settings'

export const metadata: Metadata = { title: 'Sign up' }

export default function Page() {
  return <SignForm isNew={true} origin={new URL(setting('BETTER_AUTH_URL')).origin} />
}
