'use client'

export function Filters() {
  return null
}
