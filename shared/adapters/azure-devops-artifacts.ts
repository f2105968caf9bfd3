import type { HttpClient } from '@azure/core-rest-pipeline';
import type { AzureDevOpsClient, Build, PublishedArtifact } from '../engine/azure-devops-client.ts';
import type { Clock } from '../engine/ports.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import { readArchive } from './archive.ts';
import type { AzureDevOpsCall } from './azure-devops-call.ts';
import { artifact, listOf, signedArtifact } from './azure-devops-shapes.ts';
import type { HttpResponse } from './http.ts';
import { createHttp, segment } from './http.ts';
import { HttpError } from './http-error.ts';

/** The largest archive that is read into memory. */
export const MOST_ARTIFACT_BYTES = 512 * 1024 * 1024;

/** Where the content of artifacts may come from. */
export interface ContentPlaces {
  readonly baseUrl: string;
  /** Hosts besides the one of `baseUrl`: `.suffix` of a host, or a host itself. */
  readonly artifactHosts: readonly string[];
  readonly clock: Clock;
  readonly httpClient?: HttpClient;
}

/** Artifacts of builds. */
export function artifactReader(
  call: AzureDevOpsCall,
  places: ContentPlaces,
): Pick<AzureDevOpsClient, 'artifacts' | 'downloadArtifact'> {
  return {
    async artifacts(project, build) {
      const path = `/${segment(project)}/_apis/build/builds/${segment(build)}/artifacts`;
      const list = await call.read(listOf(artifact), { method: 'GET', path });
      return (list?.value ?? []).map(({ name, resource }) => ({
        name,
        kind: resource.type,
        size: sizeIn(resource.properties?.artifactsize),
      }));
    },
    async downloadArtifact(project, build, published) {
      const { name, size } = published;
      if (size !== null && size > MOST_ARTIFACT_BYTES) throw tooLarge(name);
      const bytes = await download({ call, places, project, build, published });
      return withoutTopFolder(name, await readArchive(name, bytes));
    },
  };
}

function sizeIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'TooLarge';
}

function tooLarge(name: string): Refusal {
  return new Refusal(`The artifact ${name} is larger than ${MOST_ARTIFACT_BYTES / 1024 ** 2} MiB.`);
}

interface Wanted {
  readonly call: AzureDevOpsCall;
  readonly places: ContentPlaces;
  readonly project: string;
  readonly build: Pick<Build, 'id' | 'definition'>;
  readonly published: PublishedArtifact;
}

/** A signed address needs no token, so none is ever sent to another host. Containers come from the service itself. */
async function download(wanted: Wanted): Promise<Uint8Array> {
  const { call, project, build, published } = wanted;
  const { name, kind } = published;
  if (kind === 'PipelineArtifact') {
    const path = `/${segment(project)}/_apis/pipelines/${build.definition}/runs/${build.id}/artifacts`;
    const query = { artifactName: name, $expand: 'signedContent' };
    const signed = await call.read(signedArtifact, { method: 'GET', path, query });
    const url = signed?.signedContent?.url;
    if (url !== undefined) return bytesAt(url, wanted);
  }
  const response = await call
    .send({
      method: 'GET',
      path: `/${segment(project)}/_apis/build/builds/${build.id}/artifacts`,
      query: { artifactName: name, $format: 'zip' },
      headers: { accept: 'application/zip' },
      accept: [302, 303, 307],
      mostBytes: MOST_ARTIFACT_BYTES,
    })
    .catch((error: unknown) => {
      throw error instanceof Refusal && isTooLarge(error.cause) ? tooLarge(name) : error;
    });
  if (response === null)
    throw new Refusal(`The artifact ${name} of build ${build.id} is gone. Build again, then retry.`);
  return response.status < 300 ? response.bytes : bytesAt(response.headers.location ?? '', wanted);
}

/** Content behind an address that the service named. The address may be a secret: it stays out of messages. */
async function bytesAt(address: string, { places, published: { name } }: Wanted): Promise<Uint8Array> {
  const url = allowedUrl(address, name, places);
  const { clock, httpClient } = places;
  const sender = httpClient === undefined ? {} : { httpClient };
  const http = createHttp({ baseUrl: url.origin, credential: null, scope: '', clock, ...sender });
  const answer = await http
    .send({
      method: 'GET',
      path: url.pathname + url.search,
      headers: { accept: 'application/zip, application/octet-stream' },
      mostBytes: MOST_ARTIFACT_BYTES,
      accept: [301, 302, 303, 307, 308, 400, 401, 403, 404, 410],
    })
    .catch((error: unknown) => {
      if (isTooLarge(error)) throw tooLarge(name);
      throw new TransientFailure(`The content of artifact ${name} cannot be read from ${url.host}.`);
    });
  return contentIn(answer, { name, host: url.host });
}

function contentIn(
  { status, bytes }: HttpResponse,
  { name, host }: { name: string; host: string },
): Uint8Array {
  if (status === 200) return bytes;
  throw new TransientFailure(`${host} answers ${status} instead of the content of artifact ${name}.`);
}

/** @throws Refusal for every address but those of the service and of the hosts that are known to hold its content. */
function allowedUrl(address: string, name: string, { baseUrl, artifactHosts }: ContentPlaces): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  const base = new URL(baseUrl);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && base.protocol === 'http:');
  if (url !== null && isSafe && url.username === '' && isAllowed(url, [base.host, ...artifactHosts]))
    return url;
  throw new Refusal(
    `Azure DevOps says that the content of artifact ${name} is at ${url?.host ?? 'no address'}, which is none of the ` +
      'allowed hosts. If it is right, add it to the setting ARTIFACT_HOSTS.',
  );
}

function isAllowed({ host, hostname }: URL, hosts: readonly string[]): boolean {
  return hosts.some((allowed) =>
    allowed.startsWith('.') ? host.endsWith(allowed) : host === allowed || hostname === allowed,
  );
}

/** Azure DevOps puts all files into a folder that is called like the artifact. */
function withoutTopFolder<File extends { readonly path: string }>(
  name: string,
  files: readonly File[],
): File[] {
  const top = `${name}/`;
  if (!files.every(({ path }) => path.startsWith(top))) return [...files];
  return files.map((file) => ({ ...file, path: file.path.slice(top.length) }));
}
