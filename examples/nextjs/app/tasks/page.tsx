import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { TasksPage } from '@/components/tasks-page'
import { auth } from '@/lib/auth'
import { setting } from '@/lib/settings'

export const metadata: Metadata = { title: 'Tasks' }

/** The same for everybody: it is kept for the time without a network, and says nothing of who asked. */
export default async function Page() {
  if (!(await auth().api.getSession({ headers: await headers() }))) redirect('/sign-in')
  return <TasksPage url={setting('DULY_URL')} />
}
