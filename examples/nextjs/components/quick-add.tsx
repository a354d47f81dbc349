'use client'

export function QuickAdd() {
  return null
}
