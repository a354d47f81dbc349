'use client'

export function SyncStatus() {
  return null
}
