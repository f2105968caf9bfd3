import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { fromBuffer } from 'yauzl';
import { ask, at, createOrganization, smallBuild } from './organization.ts';

/** Names and contents of the files in a ZIP. */
function unzip(bytes: Uint8Array): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const files: Record<string, string> = {};
    fromBuffer(Buffer.from(bytes), { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on('end', () => resolve(files));
      zip.on('entry', (entry) => {
        zip.openReadStream(entry, async (failure, stream) => {
          if (failure) return reject(failure);
          files[entry.fileName] = await text(stream);
          zip.readEntry();
        });
      });
      zip.readEntry();
    });
  });
}

const FILES = { 'notebooks/bronze/01_ingest.py': 'print(1)\n' };

function createPublished(changes: Record<string, unknown> = {}) {
  const organization = createOrganization();
  const build = organization.twin.publishBuild(smallBuild(changes));
  const route = `parking/_apis/build/builds/${build.id}/artifacts`;
  const run = `parking/_apis/pipelines/${build.definitionId}/runs/${build.id}/artifacts?artifactName=notebooks`;
  const content = (url: string, headers: Record<string, string> = {}) =>
    organization.twin.content.handle({ method: 'GET', url, headers, body: new Uint8Array() });
  return { ...organization, build, route, run, content };
}

describe('artifacts', () => {
  test.each(['Container', 'PipelineArtifact'] as const)('a %s says where its content is', async (kind) => {
    const { twin, route } = createPublished({ artifactKind: kind });
    const { json } = await ask(twin, 'GET', route);
    expect(json).toMatchObject({ count: 1, value: [{ name: 'notebooks', resource: { type: kind } }] });
    expect(at(json, 'value.0.resource.properties.artifactsize')).toBe('9');
    expect((await ask(twin, 'GET', `${route}?artifactName=notebooks`)).json).toEqual(at(json, 'value.0'));
    expect(twin.service.violations()).toEqual([]);
  });

  test('an unknown artifact is not found', async () => {
    const { twin, route } = createPublished();
    const { status, json } = await ask(twin, 'GET', `${route}?artifactName=wheel`);
    expect([status, at(json, 'typeKey')]).toEqual([404, 'ArtifactNotFoundException']);
  });

  test('a container is downloaded from the service itself, below a folder of its name', async () => {
    const { twin, route } = createPublished({ artifactKind: 'Container' });
    const { status, body } = await ask(twin, 'GET', `${route}?artifactName=notebooks&$format=zip`);
    expect(status).toBe(200);
    expect(await unzip(body)).toEqual(FILES);
  });

  test('a folder is published as it was at that time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'artifact-'));
    writeFileSync(join(folder, 'a.txt'), 'before');
    const { twin, route } = createPublished({ artifactKind: 'Container', artifacts: { notebooks: folder } });
    writeFileSync(join(folder, 'a.txt'), 'after');
    rmSync(folder, { recursive: true });
    const { body } = await ask(twin, 'GET', `${route}?artifactName=notebooks&$format=zip`);
    expect(await unzip(body)).toEqual({ 'notebooks/a.txt': 'before' });
  });

  test('the same content gives the same bytes', async () => {
    const { twin, route, clock } = createPublished({ artifactKind: 'Container' });
    const first = await ask(twin, 'GET', `${route}?artifactName=notebooks&$format=zip`);
    clock.time += 100_000;
    const second = await ask(twin, 'GET', `${route}?artifactName=notebooks&$format=zip`);
    expect(Buffer.from(second.body).equals(Buffer.from(first.body))).toBe(true);
  });
});

describe('the redirect of the build route', () => {
  const redirect = async (published: ReturnType<typeof createPublished>) => {
    const { status, headers, body } = await ask(
      published.twin,
      'GET',
      `${published.route}?artifactName=notebooks&$format=zip`,
    );
    expect([status, body.length]).toEqual([302, 0]);
    return headers.location ?? '';
  };

  test('a pipeline artifact is on another host', async () => {
    const published = createPublished();
    const location = await redirect(published);
    expect(new URL(location).origin).toBe('https://artprodweu3.artifacts.visualstudio.com');
    const { status, body } = await published.content(location, { authorization: 'Bearer Slipway' });
    expect(status).toBe(200);
    expect(await unzip(body)).toEqual(FILES);
    expect(published.twin.content.violations()).toEqual([]);
  });

  test('without the token it is refused there', async () => {
    const published = createPublished();
    const { status, body } = await published.content(await redirect(published));
    expect([status, Buffer.from(body).includes('TF400813')]).toEqual([401, true]);
  });

  test('with an Accept header that names a version it is an empty 404', async () => {
    const published = createPublished();
    const headers = { authorization: 'Bearer Slipway', accept: 'application/zip;api-version=7.1-preview.5' };
    const { status, body } = await published.content(await redirect(published), headers);
    expect([status, body.length]).toEqual([404, 0]);
  });
});

describe('the signed URL of the run route', () => {
  const signed = async ({ twin, run }: ReturnType<typeof createPublished>) => {
    const { json } = await ask(twin, 'GET', `${run}&$expand=signedContent`);
    return String(at(json, 'signedContent.url'));
  };

  test('it is given only where it is asked for', async () => {
    const published = createPublished();
    expect(at((await ask(published.twin, 'GET', published.run)).json, 'signedContent')).toBeUndefined();
    expect(await signed(published)).toContain('signature=');
  });

  test('it needs no token', async () => {
    const published = createPublished();
    const { status, body } = await published.content(await signed(published));
    expect(status).toBe(200);
    expect(await unzip(body)).toEqual(FILES);
  });

  test.each([
    ['a token', { authorization: 'Bearer Slipway' }],
    ['an Accept header that names a version', { accept: 'application/zip;api-version=7.1' }],
  ])('with %s it is an empty 404', async (_what, headers) => {
    const published = createPublished();
    const { status, body } = await published.content(await signed(published), headers);
    expect([status, body.length]).toEqual([404, 0]);
  });

  test('a changed or an old one opens nothing', async () => {
    const published = createPublished();
    const url = await signed(published);
    expect((await published.content(url.replace(/expires=\d/, 'expires=9'))).status).toBe(404);
    published.clock.time += 60 * 60 * 1000;
    expect((await published.content(url)).status).toBe(404);
  });

  test('a container has none', async () => {
    const { twin, run } = createPublished({ artifactKind: 'Container' });
    expect((await ask(twin, 'GET', `${run}&$expand=signedContent`)).status).toBe(404);
  });
});
