/** Light, dark, or as the device has it. app/layout.tsx applies the choice before anything is painted. */
import { useSyncExternalStore } from 'react'
import { keep, kept } from './device'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const NAME = 'theme'
const CHANGED = 'theme-changed'

const chosen = (): Theme => THEMES.find((theme) => theme === kept(NAME)) ?? 'system'

function apply(): void {
  const theme = chosen()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function choose(theme: Theme): void {
  keep(NAME, theme === 'system' ? null : theme)
  apply()
  dispatchEvent(new Event(CHANGED))
}

function subscribe(listener: () => void): () => void {
  const stop = new AbortController()
  const { signal } = stop
  addEventListener(CHANGED, listener, { signal })
  // Another tab chose.
  addEventListener('storage', () => (apply(), listener()), { signal })
  return () => stop.abort()
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, chosen, () => 'system')
