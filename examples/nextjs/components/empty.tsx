import type { View } from '@/lib/view'

const SAID: Record<string, [string, string]> = {
  today: ['Nothing is due today', 'What has a date comes here when its day has come.'],
  upcoming: ['Nothing is planned', 'Give a task a date, and it stands here.'],
  trash: ['The trash is empty', 'What you delete can be restored from here.'],
  all: ['Everything is done', 'Or nothing has begun yet.'],
}

export function Empty({ view }: { view: View }) {
  const isSearch = view.q || view.priority || view.tag
  const [title, more] = isSearch
    ? ['Nothing was found', 'Try other words, or fewer filters.']
    : (SAID[view.view ?? ''] ?? ['Nothing to do here', 'Type above, and press Enter.'])
  return (
    <div className="py-16 text-center">
      <p className="font-medium">{title}</p>
      <p className="mt-1 text-soft">{more}</p>
    </div>
  )
}
