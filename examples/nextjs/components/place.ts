const GAP = 4 // pixels

/** Put a popover at its button, where there is room. */
export function place(popover: HTMLElement, button: HTMLElement): void {
  const own = button.getBoundingClientRect()
  const [width, height] = [popover.offsetWidth, popover.offsetHeight]
  popover.style.left = `${Math.max(GAP, Math.min(own.right - width, innerWidth - width - GAP))}px`
  const isRoomBelow = own.bottom + height + GAP < innerHeight
  popover.style.top = `${Math.max(GAP, isRoomBelow ? own.bottom + GAP : own.top - height - GAP)}px`
}
