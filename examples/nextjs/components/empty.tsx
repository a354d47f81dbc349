import { focusList } from '@/lib/top-layer'
import { go, type View } from '@/lib/view'
import { deletedOf } from './deleted-lists'
import { useSnapshot } from './workspace'

const SAID: Record<string, [string, string]> = {
  today: ['Nothing is due today', 'What has a date comes here when its day has come.'],
  upcoming: ['Nothing is planned', 'Give a task a date, and it stands here.'],
  trash: ['The trash is empty', 'What you delete can be restored from here.'],
  all: ['Everything is done', 'Or nothing has begun yet.'],
}

/** Where there is nothing; when that is since little was looked through, more is one click away. */
export function Empty({ view }: { view: View }) {
  const { lists } = useSnapshot()
  const { q, priority, tag, list } = view
  const isSearch = q || priority || tag
  const [title, more] = isSearch
    ? ['Nothing was found', 'Try other words, or fewer filters.']
    : (SAID[view.view ?? ''] ?? ['Nothing to do here', 'Type above, and press Enter.'])
  if (view.view === 'trash' && !isSearch && deletedOf(lists).length) return null
  const isPart = priority || list || tag || (view.view && view.view !== 'all')
  return (
    <div className="py-16 text-center">
      <p className="font-medium">{title}</p>
      <p className="mt-1 text-soft">{more}</p>
      {q && isPart && <Wider to={{ q }}>Search everything</Wider>}
      {!q && priority && <Wider to={{ ...view, priority: '' }}>Any priority</Wider>}
    </div>
  )
}

function Wider({ to, children }: { to: View; children: string }) {
  return (
    <button
      type="button"
      className="button-outline mt-4"
      onClick={() => {
        go(to)
        requestAnimationFrame(focusList) // this button is gone, and what was found is there
      }}
    >
      {children}
    </button>
  )
}
