'use client'

import { useRef, useState } from 'react'
import { listOf } from '@/lib/select'
import { go, useView, type View } from '@/lib/view'
import { DeletedLists } from './deleted-lists'
import { Dialog } from './dialog'
import { EmptyTrash } from './empty-trash'
import { Filters } from './filters'
import { Icon } from './icon'
import { QuickAdd } from './quick-add'
import { Refused } from './refused'
import { Sidebar } from './sidebar'
import { SyncStatus } from './sync-status'
import { TaskDetails } from './task-details'
import { TaskList } from './task-list'
import { Toasts } from './toasts'
import { useSnapshot } from './workspace'

const NAMES = { today: 'Today', upcoming: 'Upcoming', all: 'All tasks', trash: 'Trash' }

export function Tasks() {
  const view = useView()
  const { lists, tasks, status } = useSnapshot()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const list = listOf(view, lists)
  const scope = scopeOf(view, list?.name)
  const name = view.q ? `“${view.q}”${scope && ` in ${scope}`}` : scope || (view.view ? NAMES.all : 'Inbox')
  return (
    <div className="md:grid md:grid-cols-[17rem_minmax(0,1fr)]">
      <title>{`${name} · Duly`}</title>
      <a href="#tasks" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-3">To the tasks</a>
      <aside className="sticky top-0 hidden h-dvh overflow-y-auto border-r border-line md:block">
        <Sidebar />
      </aside>
      {isMenuOpen && (
        <Dialog title="Duly" look="drawer" onClose={() => setMenuOpen(false)}>
          <Sidebar onGo={() => setMenuOpen(false)} />
        </Dialog>
      )}
      <main ref={main} id="tasks" tabIndex={-1} className="mx-auto w-full max-w-3xl px-3 pb-28 sm:px-8">
        <header className="flex min-h-16 flex-wrap items-center gap-x-2 pt-3 md:pt-8">
          <button type="button" className="icon-button -ml-1 md:hidden" aria-label="Lists" onClick={() => setMenuOpen(true)}>
            <Icon name="menu" />
          </button>
          <h1 className="min-w-0 flex-1 text-2xl font-semibold tracking-tight wrap-anywhere">{name}</h1>
          <SyncStatus />
          <Filters scope={scope} />
        </header>
        <Refused />
        {view.view === 'trash' ? <Trash isWhole={!view.q && !view.priority} /> : <QuickAdd />}
        {status.ready ? <TaskList key={JSON.stringify({ ...view, task: '', q: '' })} view={view} /> : <p className="py-10 text-center text-soft">Fetching your tasks…</p>}
      </main>
      {view.task && tasks.has(view.task) && (
        <TaskDetails key={view.task} id={view.task} onClose={() => go({ ...view, task: '' }, { replace: true })} />
      )}
      <Toasts />
    </div>
  )
}

/** What is in the trash besides tasks, if all of it is to be seen. */
function Trash({ isWhole }: { isWhole: boolean }) {
  return (
    <>
      <p className="my-3 flex justify-end"><EmptyTrash /></p>
      {isWhole && <DeletedLists />}
    </>
  )
}

/** What is looked through, by name; empty if that is everything, as it is from the inbox. */
function scopeOf(view: View, list: string | undefined): string {
  if (view.view) return view.view === 'all' ? '' : NAMES[view.view]
  if (view.tag) return `#${view.tag}`
  return view.list ? (list ?? 'No such list') : ''
}
