'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { useEffect } from 'react'
import { ZONE } from '@/lib/dates'
import { Dialog } from './dialog'
import { useSnapshot, useWorkspace } from './workspace'

/** The first device says where its user is. */
export function useOwnZone(): void {
  const { replica } = useWorkspace()
  const { settings, status } = useSnapshot()
  const isUnknown = status.ready && status.leader && !settings
  useEffect(() => {
    if (isUnknown) void replica.send({ type: 'settings.update', time_zone: ZONE })
  }, [isUnknown, replica])
}

export function TimeZone({ onClose }: { onClose: () => void }) {
  const { act } = useWorkspace()
  const zone = useSnapshot().settings?.time_zone ?? ZONE
  const zones = [...new Set([ZONE, zone, 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort()

  function save(form: FormData) {
    const wanted = String(form.get('zone'))
    if (wanted !== zone) void act({ type: 'settings.update', time_zone: wanted }, `Your time zone is ${wanted}`)
    onClose()
  }
  return (
    <Dialog title="Time zone" onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          save(new FormData(event.currentTarget))
        }}
      >
        <div>
          <label className="label" htmlFor="zone">Where you are</label>
          <select id="zone" name="zone" className="field" defaultValue={zone} aria-describedby="zone-hint">
            {zones.map((each) => <option key={each} value={each}>{each.replaceAll('_', ' ')}</option>)}
          </select>
          <p id="zone-hint" className="mt-1.5 text-sm text-soft">
            It says when your day begins, on all your devices. This one is in {ZONE.replaceAll('_', ' ')}.
          </p>
        </div>
        <div className="flex justify-end gap-2">
          <button type="button" className="button-outline" onClick={onClose}>Cancel</button>
          <button type="submit" className="button-primary">Save</button>
        </div>
      </form>
    </Dialog>
  )
}
