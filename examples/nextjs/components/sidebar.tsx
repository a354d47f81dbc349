'use client'

import { counts, inbox, listOf } from '@/lib/select'
import { useView, type View } from '@/lib/view'
import { Account } from './account'
import { Count, Entry } from './entry'
import type { IconName } from './icon'
import { SidebarLists } from './sidebar-lists'
import { SidebarTags } from './sidebar-tags'
import { useNow, useSnapshot } from './workspace'

const VIEWS: readonly { view: NonNullable<View['view']>; name: string; icon: IconName }[] = [
  { view: 'today', name: 'Today', icon: 'today' },
  { view: 'upcoming', name: 'Upcoming', icon: 'calendar' },
  { view: 'all', name: 'All tasks', icon: 'list' },
  { view: 'trash', name: 'Trash', icon: 'trash' },
]

/** Views, lists and tags, and who is signed in. `onGo` is called when somebody chose one: a drawer closes then. */
export function Sidebar({ onGo }: { onGo?: () => void }) {
  const snapshot = useSnapshot()
  const view = useView()
  const { lists, tags, today, overdue } = counts(snapshot, useNow())
  const own = inbox(snapshot.lists)
  const isInbox = own !== undefined && listOf(view, snapshot.lists) === own
  return (
    <div className="flex h-full min-h-0 flex-1 flex-col">
      <nav aria-label="Lists" className="min-h-0 flex-1 overflow-y-auto px-3 pt-3 pb-4">
        {/* A drawer has a title of its own. */}
        {!onGo && <Brand />}
        <ul>
          <li>
            <Entry view={{}} isCurrent={isInbox} icon="inbox" name="Inbox" onGo={onGo}>
              <Count of={lists.get(own?.id ?? '')} what="open" />
            </Entry>
          </li>
          {VIEWS.map((each) => (
            <li key={each.name}>
              <Entry {...each} view={{ view: each.view }} isCurrent={view.view === each.view} onGo={onGo}>
                {each.view === 'today' && (
                  <>
                    {overdue > 0 && <span className="text-[0.8125rem] font-medium text-danger">{overdue} overdue</span>}
                    <Count of={today} what={overdue ? 'in all' : 'due'} />
                  </>
                )}
              </Entry>
            </li>
          ))}
        </ul>
        <SidebarLists open={lists} onGo={onGo} />
        <SidebarTags open={tags} onGo={onGo} />
      </nav>
      <Account />
    </div>
  )
}

function Brand() {
  return (
    <p className="mb-4 flex items-center gap-2.5 px-2.5 pt-2 text-lg font-semibold tracking-tight">
      <img src="/icon.svg" alt="" width={24} height={24} />
      Duly
    </p>
  )
}
