'use client'

import { deleteUser } from '@/lib/api'
import { leave } from '@/lib/leave'
import { Question } from './question'
import { useWorkspace } from './workspace'

/** Erases the account with all its tasks. The password is asked for, and checked before anything is gone. */
export function EraseAccount({ onClose }: { onClose: () => void }) {
  const { replica, user } = useWorkspace()

  async function erase(form: FormData) {
    await leave(replica, () => deleteUser(String(form.get('password'))))
  }
  return (
    <Question title="Erase your account?" answer="Erase everything" onYes={erase} onClose={onClose}>
      <p>
        All your tasks, lists and their history, and the account of{' '}
        <strong className="font-medium wrap-anywhere">{user.email}</strong> go for good, on all your devices. Nobody can bring
        them back.
      </p>
      <div>
        <label className="label" htmlFor="erase-password">Your password</label>
        <input
          ref={(input) => input?.setAttribute('autofocus', '')} // for showModal: React has a focus of its own
          id="erase-password"
          name="password"
          type="password"
          className="field"
          autoComplete="current-password"
          required
        />
      </div>
    </Question>
  )
}
