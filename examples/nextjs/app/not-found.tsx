import Link from 'next/link'

export const metadata = { title: 'Nothing here' }

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center px-5">
      <h1 className="text-2xl font-semibold tracking-tight">There is nothing here</h1>
      <p className="mt-2 text-soft">The address leads to no page.</p>
      <p className="mt-6"><Link className="button-primary" href="/tasks">To your tasks</Link></p>
    </main>
  )
}
