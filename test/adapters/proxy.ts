import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';

/** What happens to a request: passed on, refused with a status, or its answer lost or kept back for ever. */
export type Fate = 'pass' | 'lose-answer' | 'keep-answer' | number;

/** A server in front of Azurite that treats requests as it is told. */
export interface StorageProxy {
  readonly port: number;
  /** Decides on each request; `pass` until it is set. */
  fateOf: (incoming: IncomingMessage) => Fate;
  close(): Promise<void>;
}

/** Starts a proxy for the server on `targetPort` of the loopback interface. */
export async function startProxy(targetPort: number): Promise<StorageProxy> {
  const proxy: Pick<StorageProxy, 'fateOf'> = { fateOf: () => 'pass' };
  const server = createServer((incoming, outgoing) => {
    const fate = proxy.fateOf(incoming);
    if (typeof fate === 'number') refuse(incoming, outgoing, fate);
    else forward(incoming, outgoing, { targetPort, fate });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return Object.assign(proxy, {
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, status: number): void {
  incoming.resume();
  incoming.on('end', () => outgoing.writeHead(status).end());
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { targetPort, fate }: { readonly targetPort: number; readonly fate: Fate },
): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port: targetPort, method, path: url, headers }, (answer) => {
    if (fate === 'pass') {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    answer.resume();
    answer.on('end', () => {
      if (fate === 'lose-answer') outgoing.destroy();
    });
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
