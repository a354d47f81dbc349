import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon'

/** A control that looks like text until it is pointed at. */
const LOOK =
  'min-h-9 min-w-0 rounded-lg border border-transparent bg-surface text-ink -outline-offset-2 hover:bg-hover disabled:opacity-60 disabled:hover:bg-surface pointer-coarse:min-h-11'
export const QUIET = `${LOOK} px-2`

/** A line of the sheet: what it is about, and the controls. `control` is the id of the first of them. */
export function Property({ icon, label, control, children }: {
  icon: IconName
  label: string
  control: string
  children: ReactNode
}) {
  return (
    <div className="grid grid-cols-[6rem_minmax(0,1fr)] items-start">
      <label htmlFor={control} className="flex min-h-9 items-center gap-2 text-soft pointer-coarse:min-h-11">
        <Icon name={icon} />
        {label}
      </label>
      <div className="min-w-0">{children}</div>
    </div>
  )
}
