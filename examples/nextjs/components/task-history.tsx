'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import type { Task } from 'duly-client/types'
import { useEffect, useRef, useState } from 'react'
import { type HistoryEntry, Refused } from '@/lib/api'
import { momentText } from '@/lib/dates'
import { changes, steps } from '@/lib/history'
import { complain, say } from '@/lib/toasts'
import { counted } from '@/lib/words'
import { Dialog } from './dialog'
import { Icon } from './icon'
import { useNow, useSnapshot, useWorkspace, type Workspace } from './workspace'

const PAGE = 20 // changes

/** What became of a task, the latest first; Duly has it, so it is asked for when somebody wants to see it. */
export function TaskHistory({ task }: { task: Task }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="group border-t border-line pt-3" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex min-h-9 list-none items-center gap-2 rounded-md text-soft hover:text-ink pointer-coarse:min-h-11 [&::-webkit-details-marker]:hidden">
        <Icon name="history" />
        <span className="flex-1">History</span>
        <Icon name="chevron" className="size-3.5 transition-transform group-open:rotate-90" />
      </summary>
      {isOpen && <Entries task={task} />}
    </details>
  )
}

interface Page {
  entries: HistoryEntry[]
  /** Where earlier ones go on. */
  cursor: string | null
}

async function fetchPage(api: Workspace['api'], task_id: string, cursor: string | null): Promise<Page> {
  const query = { limit: PAGE, ...(cursor && { cursor }) }
  const { data = [], response } = await api.GET('/api/tasks/{task_id}/history', { params: { path: { task_id }, query } })
  const next = /<([^>]+)>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1]
  return { entries: data, cursor: next ? new URL(next, response.url).searchParams.get('cursor') : null }
}

function Entries({ task: { id, version } }: { task: Task }) {
  const { api } = useWorkspace()
  const { online } = useSnapshot().status
  const [page, setPage] = useState<Page | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [tries, setTries] = useState(0)
  const list = useRef<HTMLOListElement>(null)

  useEffect(() => {
    let isOver = false
    fetchPage(api, id, null)
      .then((found) => {
        if (isOver) return
        setPage(found)
        setProblem(null)
      })
      .catch((error: unknown) => !isOver && setProblem(error))
    return () => {
      isOver = true
    }
  }, [api, id, version, online, tries])

  async function earlier() {
    try {
      const { entries, cursor } = await fetchPage(api, id, page?.cursor ?? null)
      // The button goes with the last page, and the focus would go with it.
      if (!cursor) list.current?.focus()
      setPage({ entries: [...(page?.entries ?? []), ...entries], cursor })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <>
      {problem !== null && <Problem error={problem} isNew={version === 0} retry={() => setTries(tries + 1)} />}
      {!page && problem === null && <p className="min-h-9 text-soft opacity-0 transition-opacity delay-500 starting:opacity-0">Fetching…</p>}
      <ol ref={list} tabIndex={-1} aria-label="Changes">
        {steps(page?.entries ?? []).map((step) => <Step key={step[0]!.version} step={step} />)}
      </ol>
      {page?.cursor && <button type="button" className="button-plain -ml-3" onClick={() => void earlier()}>Earlier</button>}
    </>
  )
}

function Problem({ error, isNew, retry }: { error: unknown; isNew: boolean; retry: () => void }) {
  const said = isNew
    ? 'It begins once the task is sent.'
    : error instanceof TypeError ? 'It is kept by Duly: there is no network now.' : (error as Error).message
  return (
    <p className="pb-2 text-soft">
      {said} <button type="button" className="min-h-6 underline underline-offset-2 hover:text-ink" onClick={retry}>Try again</button>
    </p>
  )
}

function Step({ step }: { step: HistoryEntry[] }) {
  const { api } = useWorkspace()
  const rows = useSnapshot()
  const { day: today } = useNow()
  const [isInTheWay, setInTheWay] = useState('')
  const [entry] = step as [HistoryEntry]
  const said = [...new Set(step.flatMap((each) => changes(each, rows, today)))]

  async function undo(version: number, force = false) {
    setInTheWay('')
    try {
      const { data } = await api.POST('/api/undo', { body: { version, force } })
      const { undone = 0, version: done } = data ?? {}
      const what = undone > 1 ? `Undone, with what was done to ${counted(undone - 1, 'other')} at the same time` : 'Undone'
      say(undone ? what : 'It is as it was already', done ? () => void undo(done) : undefined)
    } catch (error) {
      const isConflict = error instanceof Refused && ['undo_conflict', 'gone_for_good'].includes(error.code)
      if (isConflict && !force) setInTheWay(error.message)
      else complain(error)
    }
  }
  return (
    <li className="flex items-start gap-2 py-1">
      <div className="min-w-0 flex-1">
        {said.map((sentence) => <p key={sentence} dir="auto" className="wrap-anywhere">{sentence}</p>)}
        <time dateTime={entry.at} className="text-sm text-soft">{momentText(entry.at, today)}</time>
      </div>
      {entry.change !== 'deleted' && (
        <button type="button" className="button-plain -mr-3" aria-label={`Undo: ${said.join(', ')}`} onClick={() => void undo(entry.version)}>
          Undo
        </button>
      )}
      {isInTheWay && (
        <Dialog title="Undo it anyway?" onClose={() => setInTheWay('')}>
          <p>{isInTheWay}</p>
          <p className="mt-2 text-soft">Undone all the same, later values are lost. They stay in the history.</p>
          <div className="mt-5 flex justify-end gap-2">
            <button type="button" className="button-plain" onClick={() => setInTheWay('')}>Leave it</button>
            <button type="button" className="button-primary" onClick={() => void undo(entry.version, true)}>Undo anyway</button>
          </div>
        </Dialog>
      )}
    </li>
  )
}
