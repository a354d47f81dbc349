'use client'

import Link from 'next/link'
import { useState } from 'react'
import { Refused, signIn, signUp } from '@/lib/api'
import { remember } from '@/lib/session'

/** Sign in, or sign up: the same form with a name.
 *
 *  @param origin Where Better Auth lets people sign in. */
export function SignForm({ isNew, origin }: { isNew: boolean; origin: string }) {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [word, other] = isNew ? ['Create account', 'Sign in'] : ['Sign in', 'Create an account']

  async function submit(form: FormData) {
    const text = (name: string) => String(form.get(name) ?? '')
    const wish = { email: text('email').trim(), password: text('password') }
    setBusy(true)
    setProblem('')
    try {
      const { user } = await (isNew ? signUp({ ...wish, name: text('name').trim() }) : signIn(wish))
      remember(user)
      location.assign('/tasks')
    } catch (error) {
      setProblem(reasonOf(error, origin))
      setBusy(false)
    }
  }

  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-5 py-10">
      <img src="/icon.svg" alt="" width={40} height={40} className="mb-6" />
      <h1 className="text-2xl font-semibold tracking-tight">{isNew ? 'Create your account' : 'Welcome back'}</h1>
      <p className="mt-1 mb-8 text-soft">
        {isNew ? 'Your tasks on every device, also without a network.' : 'Sign in to get to your tasks.'}
      </p>
      {/* Sent before there is JavaScript, a password must not come into the address. */}
      <form
        method="post"
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          void submit(new FormData(event.currentTarget))
        }}
      >
        {isNew && <Field label="Name" name="name" autoComplete="name" maxLength={100} />}
        <Field label="E-mail" name="email" type="email" autoComplete="email" />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete={isNew ? 'new-password' : 'current-password'}
          {...(isNew && { minLength: 8, hint: 'At least 8 characters.' })}
        />
        <p role="alert" className="text-sm text-danger empty:hidden">{problem}</p>
        <button className="button-primary w-full" disabled={isBusy} type="submit">
          {isBusy ? 'One moment…' : word}
        </button>
      </form>
      <p className="mt-6 text-center text-sm text-soft">
        {isNew ? 'You have an account?' : 'New here?'}{' '}
        <Link className="font-medium text-accent underline underline-offset-2" href={isNew ? '/sign-in' : '/sign-up'}>
          {other}
        </Link>
      </p>
    </main>
  )
}

function reasonOf(error: unknown, origin: string): string {
  if (error instanceof TypeError) return 'The network does not answer. Please try again.'
  // Such as localhost, where the setting has 127.0.0.1.
  if (error instanceof Refused && error.status === 403 && location.origin !== origin)
    return `One signs in at ${origin}, and this page is at ${location.origin}.`
  return (error as Error).message
}

function Field({ label, hint, ...input }: { label: string; hint?: string; name: string } & React.ComponentProps<'input'>) {
  return (
    <div>
      <label className="label" htmlFor={input.name}>{label}</label>
      <input id={input.name} className="field" required aria-describedby={hint && `${input.name}-hint`} {...input} />
      {hint && <p id={`${input.name}-hint`} className="mt-1 text-sm text-soft">{hint}</p>}
    </div>
  )
}
