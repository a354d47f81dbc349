'use client'

import { newId } from 'duly-client/ids'
import type { Wish } from 'duly-client/types'
import { useState } from 'react'
import { type Chip, understand, type Understood } from '@/lib/quick-add'
import { inbox, listOf } from '@/lib/select'
import { announce, complain } from '@/lib/toasts'
import { focusList } from '@/lib/top-layer'
import { address, useView } from '@/lib/view'
import { Added, type Hidden, hiddenOf } from './added'
import { Icon, type IconName } from './icon'
import { linesOf, MOST, Pasted } from './pasted'
import { useNow, useSnapshot, useWorkspace } from './workspace'

const ICONS: Record<Chip['kind'], IconName> = {
  ...{ date: 'calendar', time: 'calendar', repeat: 'repeat' },
  ...{ tag: 'tag', priority: 'flag', list: 'list' },
}

const TITLE = 500 // characters that a title may have

/** A line for a new task. It stays open after Enter, and shows what it has understood; of several lines that are
 *  pasted it makes a task each. */
export function QuickAdd() {
  const { act, replica } = useWorkspace()
  const { lists } = useSnapshot()
  const now = useNow()
  const view = useView()
  const [text, setText] = useState('')
  const [literal, setLiteral] = useState<ReadonlySet<string>>(new Set())
  const [pasted, setPasted] = useState<string[]>([])
  const [hidden, setHidden] = useState<Hidden | null>(null)
  const understood = understand(text, { day: now.day, lists: lists.values(), literal })
  const { title, chips } = understood

  /** What a line makes here; nothing, and it is said why, if it cannot be. */
  function wishOf({ title, fields }: Pick<Understood, 'title' | 'fields'>): Wish | undefined {
    const problem = !title
      ? 'What is to be done? Only its details are there.'
      : title.length > TITLE && `A title has ${TITLE} characters at most. What is more goes into the notes.`
    if (problem) return void complain(new Error(problem))
    // A list that is not there any more, or never was, takes none.
    const wanted = listOf(view, lists)
    const list = wanted && !wanted.deleted_at ? wanted : inbox(lists)
    return {
      ...{ type: 'task.create', id: newId() },
      ...(list && { list_id: list.id }),
      ...(view.view === 'today' && { due_date: now.day }),
      ...fields,
      ...(view.tag && { tags: [...new Set([...(fields.tags ?? []), view.tag])] }),
      title,
    }
  }

  async function add(wishes: Wish[], said?: string) {
    await act(wishes, said)
    const ids = wishes.flatMap((wish) => ('id' in wish ? [wish.id] : []))
    setHidden(hiddenOf(ids, replica.snapshot(), now))
  }

  function addOne() {
    const wish = text.trim() && wishOf(understood)
    if (!wish) return
    void add([wish])
    announce(`Added “${title}”`)
    write('')
  }

  function addMany() {
    const wishes = pasted.slice(0, MOST).map((line) => {
      const meant = understand(line, { day: now.day, lists: lists.values(), literal: new Set() })
      return wishOf(meant.title ? meant : { title: line, fields: {} })
    })
    if (!wishes.every((wish) => wish !== undefined)) return
    void add(wishes, `Added ${wishes.length} tasks`)
    paste([])
  }

  function write(next: string) {
    setText(next)
    setHidden(null)
    if (!next) setLiteral(new Set())
  }

  /** With none, it is over, and the line has the focus again. */
  function paste(lines: string[]) {
    setPasted(lines)
    if (!lines.length) document.getElementById('quick-add')?.focus()
  }

  return (
    <form
      className="mt-4 mb-5"
      onSubmit={(event) => {
        event.preventDefault()
        addOne()
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
          onChange={(event) => write(event.target.value)}
          onPaste={(event) => {
            const lines = linesOf(event.clipboardData.getData('text'))
            if (lines.length < 2) return
            event.preventDefault()
            paste(lines)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
            if (text) write('')
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
      {pasted.length > 0 && (
        <Pasted
          lines={pasted}
          onMany={addMany}
          onOne={() => {
            write([text, ...pasted].filter(Boolean).join(' '))
            paste([])
          }}
          onCancel={() => paste([])}
        />
      )}
      <Added hidden={hidden?.at === address(view) ? hidden : null} />
    </form>
  )
}
