'use client'

import { newId } from 'duly-client/ids'
import { useState } from 'react'
import { understand, type Chip } from '@/lib/quick-add'
import { inbox, listOf } from '@/lib/select'
import { announce, complain, say } from '@/lib/toasts'
import { focusList } from '@/lib/top-layer'
import { useView } from '@/lib/view'
import { Icon, type IconName } from './icon'
import { useNow, useSnapshot, useWorkspace } from './workspace'

const ICONS: Record<Chip['kind'], IconName> = {
  ...{ date: 'calendar', time: 'calendar', repeat: 'repeat' },
  ...{ tag: 'tag', priority: 'flag', list: 'list' },
}

const TITLE = 500 // characters that a title may have

/** A line for a new task. It stays open after Enter, and shows what it has understood. */
export function QuickAdd() {
  const { act } = useWorkspace()
  const { lists } = useSnapshot()
  const { day } = useNow()
  const view = useView()
  const [text, setText] = useState('')
  const [literal, setLiteral] = useState<ReadonlySet<string>>(new Set())
  const { title, chips, fields } = understand(text, { day, lists: lists.values(), literal })

  function add() {
    if (!text.trim()) return
    if (!title) return complain(new Error('What is to be done? Only its details are there.'))
    if (title.length > TITLE) return complain(new Error(`A title has ${TITLE} characters at most. What is more goes into the notes.`))
    // A list that is not there any more, or never was, takes none.
    const wanted = listOf(view, lists)
    const list = wanted && !wanted.deleted_at ? wanted : inbox(lists)
    const isElsewhere = Boolean(view.list) && list !== wanted && !fields.list_id
    void act({
      ...{ type: 'task.create', id: newId() },
      ...(list && { list_id: list.id }),
      ...(view.view === 'today' && { due_date: day }),
      ...fields,
      ...(view.tag && { tags: [...new Set([...(fields.tags ?? []), view.tag])] }),
      title,
    })
    if (isElsewhere) say(`Added to the inbox: “${title}”`)
    else announce(`Added “${title}”`)
    setText('')
    setLiteral(new Set())
  }

  return (
    <form
      className="mt-4 mb-5"
      onSubmit={(event) => {
        event.preventDefault()
        add()
      }}
    >
      <div className="flex items-center gap-2 rounded-xl border border-line bg-surface py-1 pr-1.5 pl-3 shadow-xs focus-within:border-accent focus-within:ring-1 focus-within:ring-accent">
        <Icon name="add" className="size-5 text-accent" />
        <label htmlFor="quick-add" className="sr-only">New task</label>
        <input
          id="quick-add"
          className="min-h-10 pointer-coarse:min-h-11 min-w-0 flex-1 bg-transparent text-ellipsis outline-none"
          placeholder="Add a task, such as: Call Bob tomorrow 9:00 #work"
          autoComplete="off"
          enterKeyHint="done"
          maxLength={600}
          dir="auto"
          value={text}
          aria-describedby="understood"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
            if (text) setText('')
            else focusList()
          }}
        />
        {text && <button type="submit" className="button-primary">Add</button>}
      </div>
      <p id="understood" className={chips.length ? 'mt-2 flex flex-wrap gap-1.5' : 'sr-only'}>
        {chips.map((chip) => (
          <button
            key={chip.words}
            type="button"
            className="chip hover:text-ink pointer-coarse:min-h-11 pointer-coarse:px-3"
            aria-label={`${chip.label}: keep “${chip.words}” as text`}
            onClick={() => {
              setLiteral(new Set([...literal, chip.words]))
              document.getElementById('quick-add')?.focus()
            }}
          >
            <Icon name={ICONS[chip.kind]} className="size-3.5" />
            {chip.label}
            <Icon name="close" className="size-3" />
          </button>
        ))}
      </p>
    </form>
  )
}
