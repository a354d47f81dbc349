'use client'

import { Replica } from 'duly-client/replica'
import { useEffect, useState } from 'react'
import { duly, Refused, send, session, token, type User } from '@/lib/api'
import { lastUser, remember } from '@/lib/session'
import { Tasks } from './tasks'
import { Provide } from './workspace'

/** Opens what is on this device, and asks afterwards whether its user is still signed in. */
export function TasksPage({ url }: { url: string }) {
  const [open, setOpen] = useState<{ user: User; replica: Replica } | null>(null)

  useEffect(() => {
    let isOver = false
    let replica: Replica | undefined
    let shown: string | undefined
    const show = async (user: User) => {
      replica = await Replica.open({ url, user: user.id, token, fetch: send })
      if (isOver) replica.close()
      else {
        shown = user.id
        setOpen({ user, replica })
      }
    }
    const begin = async () => {
      const before = lastUser()
      const early = before && show(before)
      const user = await session().catch((error: unknown) => {
        // Without a network it is whoever it was; only a clear word sends anybody away.
        if (!before || (error instanceof Refused && error.status === 401)) throw error
        return before
      })
      if (!user) return location.assign('/sign-in')
      remember(user)
      if (user.id === before?.id) return
      await early
      replica?.close()
      await show(user)
    }
    // Whoever signs in elsewhere in this browser must see nothing of who was here: not in this tab, nor by going back to it.
    const look = () => {
      const now = lastUser()
      if (!shown || now?.id === shown) return
      if (now) location.reload()
      else location.assign('/sign-in')
    }
    const back = ({ persisted }: PageTransitionEvent) => persisted && look()
    addEventListener('storage', look)
    addEventListener('pageshow', back)
    begin().catch(() => !isOver && location.assign('/sign-in'))
    void keepShell()
    return () => {
      isOver = true
      removeEventListener('storage', look)
      removeEventListener('pageshow', back)
      replica?.close()
    }
  }, [url])

  if (!open) return <Opening />
  return (
    <Provide key={open.user.id} user={open.user} replica={open.replica} api={duly(url)}>
      <Tasks />
    </Provide>
  )
}

/** For the time without a network. What this page is made of may have come before there was a worker to keep it. */
async function keepShell(): Promise<void> {
  try {
    await navigator.serviceWorker.register('/sw.js')
    const { active } = await navigator.serviceWorker.ready
    active?.postMessage(performance.getEntriesByType('resource').map(({ name }) => name))
  } catch {
    // There are no workers here: all works, with a network.
  }
}

function Opening() {
  return (
    <main aria-busy="true" className="grid min-h-dvh place-content-center">
      <h1 className="sr-only">Tasks</h1>
      <p className="text-soft opacity-0 transition-opacity delay-700 starting:opacity-0">Opening your tasks…</p>
    </main>
  )
}
