import type { Twin } from './model.ts';

/**
 * A `fetch` that reaches twins without sockets, by origin (`https://host`); other origins fail like an unknown host.
 * Faults that cut the connection reject with `ConnectionDropped`. Redirects are not followed.
 */
export function createTwinFetch(twins: Readonly<Record<string, Pick<Twin, 'handle'>>>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const twin = twins[new URL(request.url).origin];
    if (!twin) throw new TypeError(`fetch failed: no twin at ${new URL(request.url).origin}`);
    const { status, headers, body } = await twin.handle({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
    });
    const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304;
    return new Response(hasBody ? Buffer.from(body) : null, { status, headers });
  };
}
