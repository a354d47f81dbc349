'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { SHORTCUTS } from '@/lib/shortcuts'
import { Dialog } from './dialog'

/** All that the keyboard does. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div tabIndex={0} role="region" aria-label="Shortcuts" className="-mx-2 max-h-[70dvh] space-y-5 overflow-y-auto px-2 pb-1">
        {SHORTCUTS.map(({ title, shortcuts }) => (
          <table key={title} className="w-full">
            <caption className="heading pb-1 text-left">{title}</caption>
            <tbody>
              {shortcuts.map(({ keys, what }) => (
                <tr key={what} className="border-t border-line">
                  <th scope="row" className="py-1.5 pr-4 text-left font-normal">{what}</th>
                  <td className="w-1/2 py-1.5 text-right sm:w-auto">
                    {keys.map((together, index) => (
                      <span key={together.join()} className="inline-block whitespace-nowrap">
                        {index > 0 && <span className="mx-1 text-sm text-soft">or</span>}
                        {together.map((key) => <Key key={key}>{key}</Key>)}
                      </span>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </Dialog>
  )
}

function Key({ children }: { children: string }) {
  return (
    <kbd className="ml-1 inline-block min-w-6 rounded-md border border-line bg-page px-1.5 text-center font-sans text-[0.8125rem] leading-5.5">
      {children}
    </kbd>
  )
}
