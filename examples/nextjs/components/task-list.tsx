'use client'

import { select } from '@/lib/select'
import type { View } from '@/lib/view'
import { useNow, useSnapshot } from './workspace'

export function TaskList({ view }: { view: View }) {
  const groups = select(useSnapshot(), view, useNow(), new Set())
  return groups.map((group) => <ul key={group.name}>{group.rows.map(({ task }) => <li key={task.id}>{task.title}</li>)}</ul>)
}
