'use client'

import type { Replica, Snapshot } from 'duly-client/replica'
import type { Wish } from 'duly-client/types'
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from 'react'
import { type Act, doer } from '@/lib/act'
import type { duly, User } from '@/lib/api'
import { now } from '@/lib/dates'
import { takeNoted } from '@/lib/journal'
import { complain } from '@/lib/toasts'

/** What stays the same for as long as the page is open. */
export interface Workspace {
  user: User
  replica: Replica
  api: ReturnType<typeof duly>
  /** Do something: it shows at once, is kept, and is sent when it can be.
   *
   *  For a while it can be undone by keys; with `said`, that is announced with a button that does it. */
  act: Act
}

const Here = createContext<Workspace | null>(null)

export function useWorkspace(): Workspace {
  const workspace = use(Here)
  if (!workspace) throw new Error('Outside of a workspace')
  return workspace
}

/** What there is, as of now; whoever asks is rendered again when anything changes. */
export function useSnapshot(): Snapshot {
  const { replica } = useWorkspace()
  return useSyncExternalStore(replica.subscribe, replica.snapshot, replica.snapshot)
}

/** The day and the minute, which go on while the page is open. */
export function useNow(): { day: string; time: string } {
  const [time, setTime] = useState(now)
  useEffect(() => {
    const tick = () => setTime((before) => (before.time === now().time && before.day === now().day ? before : now()))
    const timer = setInterval(tick, 10_000)
    addEventListener('focus', tick)
    return () => {
      clearInterval(timer)
      removeEventListener('focus', tick)
    }
  }, [])
  return time
}

export function Provide({ children, ...known }: Omit<Workspace, 'act'> & { children: ReactNode }) {
  const [workspace] = useState(() => ({ ...known, act: doer(known.replica, known.user.id) }))
  const { user, replica } = workspace
  useEffect(() => {
    const stop = new AbortController()
    const take = (wish: Wish) => {
      // It may have got there after all; anything but a creation can be done twice.
      const { tasks, lists } = replica.snapshot()
      const isThere = wish.type.endsWith('.create') && 'id' in wish && (tasks.has(wish.id) || lists.has(wish.id))
      if (!isThere) replica.send(wish).catch(complain)
    }
    takeNoted(user.id, take, stop.signal)
    return () => stop.abort()
  }, [user, replica])
  return <Here value={workspace}>{children}</Here>
}
