'use client'
'use no memo' // seldom rendered: what remembers is more than what it spares

import { deleteUser, signIn } from '@/lib/api'
import { leave } from '@/lib/leave'
import { Question } from './question'
import { useWorkspace } from './workspace'

/** Erases the account with all its tasks. The password is asked for, and checked before anything is gone. */
export function EraseAccount({ onClose }: { onClose: () => void }) {
  const { replica, user } = useWorkspace()

  async function erase(form: FormData) {
    const password = String(form.get('password'))
    const check = () => signIn({ email: user.email, password })
    // Duly would begin anew for a tab that still asks it.
    await leave(replica, check, () => deleteUser(password))
  }
  // If it failed half-way, what Duly still has is fetched again.
  const close = () => (replica.snapshot().status.closed ? location.reload() : onClose())
  return (
    <Question title="Erase your account?" answer="Erase everything" onYes={erase} onClose={close}>
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
