'use client'

import { type KeyboardEvent, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { removeTag, renameTag } from '@/lib/tags'
import { go, useView } from '@/lib/view'
import { Editor } from './editor'
import { Count, Entry, Heading } from './entry'
import { useKeepFocus } from './keep-focus'
import { RowMenu } from './list-row'
import { useWorkspace } from './workspace'

const LENGTH = 50 // characters that a tag may have

/** All tags of tasks outside the trash. */
export function SidebarTags({ open, onGo }: { open: ReadonlyMap<string, number>; onGo: (() => void) | undefined }) {
  const view = useView()
  if (!open.size) return null
  const tags = [...open].sort(([one], [other]) => one.localeCompare(other))
  return (
    <section aria-label="Tags">
      <Heading>Tags</Heading>
      <ul>
        {tags.map(([tag, count]) => (
          <TagRow key={tag} tag={tag} open={count} isCurrent={view.tag === tag} onGo={onGo} />
        ))}
      </ul>
    </section>
  )
}

function TagRow({ tag, open, isCurrent, onGo }: { tag: string; open: number; isCurrent: boolean; onGo: (() => void) | undefined }) {
  const { api } = useWorkspace()
  const view = useView()
  const [isEditing, setEditing] = useState(false)
  /** What it will be when Duly has done it; null is gone. */
  const [wanted, setWanted] = useState<string | null>(tag)
  const row = useRef<HTMLLIElement>(null)
  const link = useRef<HTMLAnchorElement>(null)
  useKeepFocus(row, 'nav [aria-current]')

  async function rename(text: string) {
    const name = text.replace(/^#+/, '').trim()
    if (!name || name === tag) return
    setWanted(name)
    if (!(await renameTag(api, tag, name))) setWanted(tag)
    else if (isCurrent) go({ ...view, tag: name }, { replace: true })
  }

  async function remove() {
    setWanted(null)
    if (!(await removeTag(api, tag))) setWanted(tag)
    else if (isCurrent) go({}, { replace: true })
  }

  return (
    <li
      ref={row}
      className={`group relative ${wanted === null ? 'opacity-50' : ''}`}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === 'F2' && !isEditing) setEditing(true)
      }}
    >
      {isEditing ? (
        <Editor
          label="Name of the tag"
          name={tag}
          maxLength={LENGTH}
          onKeep={(text) => void rename(text)}
          onEnd={(isByKeys) => {
            flushSync(() => setEditing(false))
            if (isByKeys) link.current?.focus()
          }}
        />
      ) : (
        <Entry
          view={{ tag }}
          name={wanted ?? tag}
          isCurrent={isCurrent}
          icon="tag"
          link={link}
          onGo={onGo}
          controls={
            <RowMenu
              name={`#${tag}`}
              actions={() => [
                { label: 'Rename', icon: 'edit', keys: 'F2', act: () => setEditing(true) },
                { label: 'Remove from all tasks', icon: 'trash', isDangerous: true, act: () => void remove() },
              ]}
            />
          }
        >
          <Count of={open} what="open" />
        </Entry>
      )}
    </li>
  )
}
