import { type Answer, empty, Refusal, type TwinRequest } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import { redirectedContent, signedContent } from '../contract/content-table.ts';
import { zipOf } from '../zip.ts';
import { artifactNamed } from './artifact-routes.ts';
import type { Artifact } from './rows.ts';
import { isSigned } from './signature.ts';

/**
 * The host of artifact content. Its answers to wrong requests say nothing: an empty 404.
 * The redirect target wants the token sent again, but not the `Accept` header with an api-version;
 * a signed URL is its own credential and wants no token at all.
 */
export function contentRoutes(context: Context): Route[] {
  return [
    route(redirectedContent, (call) => {
      if (asksForVersion(call.request)) throw nothingHere();
      return content(artifactIn(context, call));
    }),
    route(signedContent, (call) => {
      const artifact = artifactIn(context, call);
      const isWrong = call.request.headers.authorization !== undefined || asksForVersion(call.request);
      if (isWrong || !isSigned(context, artifact, call.query)) throw nothingHere();
      return content(artifact);
    }),
  ];
}

function artifactIn(context: Context, call: { param(name: string): string }): Artifact {
  return artifactNamed(context, Number(call.param('buildId')), call.param('artifactName'));
}

async function content(artifact: Artifact): Promise<Answer> {
  return {
    status: 200,
    headers: { 'content-type': 'application/zip' },
    bytes: await zipOf(artifact.entries, artifact.name),
  };
}

/** `Accept: application/zip;api-version=7.1`, right for the first host and wrong for this one. */
function asksForVersion({ headers }: TwinRequest): boolean {
  return (headers.accept ?? '').includes('api-version');
}

function nothingHere(): Refusal {
  return new Refusal(empty(404));
}
