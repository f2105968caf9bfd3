import { Readable } from 'node:stream';
import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import type { Twin } from '../../sandbox/twin/model.ts';

/** A sender of requests that reaches twins without sockets, by origin, so that everything can run under virtual time. */
export function twinHttpClient(twins: Readonly<Record<string, Pick<Twin, 'handle'>>>): HttpClient {
  return {
    async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
      const twin = twins[new URL(request.url).origin];
      if (twin === undefined) throw new Error(`getaddrinfo ENOTFOUND ${new URL(request.url).host}`);
      const { status, headers, body } = await twin.handle({
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
        body: bytesOf(request.body),
      });
      return {
        request,
        status,
        headers: createHttpHeaders(headers),
        readableStreamBody: Readable.from([Buffer.from(body)]),
      };
    },
  };
}

function bytesOf(body: PipelineRequest['body']): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new Error('only text and bytes can be sent to a twin');
}
