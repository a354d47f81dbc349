'use client'

/** What is waiting to be sent is on disk: beginning anew loses nothing. */
export default function Failed({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center px-5">
      <h1 className="text-2xl font-semibold tracking-tight">Something went wrong</h1>
      <p className="mt-2 text-soft">Your tasks are safe. What you did last may have to be done again.</p>
      <p className="mt-6"><button className="button-primary" type="button" onClick={reset}>Try again</button></p>
    </main>
  )
}
