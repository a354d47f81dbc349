import type { PointerEvent } from 'react'
import { Icon } from './icon'

/** By which a row is dragged: at its left when somebody points at it; for a finger always, at its right. */
export function Grip({ onGrip }: { onGrip: (event: PointerEvent<HTMLElement>) => void }) {
  return (
    <span
      aria-hidden="true"
      data-grip
      className="absolute top-1 left-0 hidden h-9 w-5 cursor-grab touch-none items-center justify-center text-soft opacity-0 select-none group-focus-within:opacity-100 group-hover:opacity-100 sm:flex pointer-coarse:static pointer-coarse:-mr-[16px] pointer-coarse:flex pointer-coarse:h-11 pointer-coarse:w-[44px] pointer-coarse:text-edge pointer-coarse:opacity-100"
      onPointerDown={onGrip}
    >
      <Icon name="grip" />
    </span>
  )
}
