/** Requests that Duly does piece by piece. */

/** Ask until all is done: 202 says that the same request goes on with the rest. `ids` are those of the requests. */
export async function finish(request: () => Promise<{ response: Response }>): Promise<{ ids: string[] }> {
  for (const ids: string[] = []; ; ) {
    const { response } = await request()
    ids.push(response.headers.get('X-Request-Id') ?? '')
    if (response.status !== 202) return { ids }
    const seconds = Number(response.headers.get('Retry-After') ?? 1)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  }
}
