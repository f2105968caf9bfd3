import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAzureDevOps, type ListeningHosts } from '../../../sandbox/azure-devops/azure-devops.ts';
import { at } from './organization.ts';

const twin = createAzureDevOps();
const bodies: string[] = [];
let hosts: ListeningHosts;
let subscriber: Server;
let hookUrl = '';

beforeAll(async () => {
  hosts = await twin.listen();
  subscriber = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => subscriber.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo = Object(subscriber.address());
  hookUrl = `http://127.0.0.1:${address.port}/`;
});

afterAll(async () => {
  await hosts.close();
  await new Promise((resolve) => subscriber.close(resolve));
});

const control = async (path: string, body: unknown): Promise<unknown> => {
  const response = await fetch(`${hosts.service.url}/_twin${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return response.status === 204 ? undefined : response.json();
};

const rest = async (path: string, init: RequestInit = {}): Promise<unknown> =>
  (await fetch(`${hosts.url}/${path}`, init)).json();

/** Waits until something is there; fails after a second. */
async function until(isThere: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !isThere(); round++) await new Promise((go) => setTimeout(go, 10));
  expect(isThere()).toBe(true);
}

test('a build published through a control route reaches its subscriber and can be downloaded', async () => {
  await control('/projects', { name: 'parking' });
  const subscription = {
    publisherId: 'tfs',
    eventType: 'build.complete',
    resourceVersion: '2.0',
    consumerId: 'webHooks',
    consumerActionId: 'httpRequest',
    consumerInputs: { url: hookUrl },
  };
  await rest('_apis/hooks/subscriptions?api-version=7.1', {
    method: 'POST',
    body: JSON.stringify(subscription),
  });
  const artifacts = { notebooks: { 'a.py': 'print(1)' } };
  const build = { project: 'parking', definition: 'ci', commit: 'c'.repeat(40), artifacts };
  const id = at(await control('/builds', build), 'id');
  await until(() => bodies.length === 1);
  const { resource } = JSON.parse(bodies[0] ?? '');
  expect(resource.id).toBe(id);
  const run = `parking/_apis/pipelines/${resource.definition.id}/runs/${id}`;
  const query = 'artifactName=notebooks&$expand=signedContent&api-version=7.1';
  const url = String(at(await rest(`${run}/artifacts?${query}`), 'signedContent.url'));
  expect(new URL(url).origin).toBe(hosts.content.url);
  expect(new URL(url).origin).not.toBe(hosts.service.url);
  const content = await fetch(url);
  expect([content.status, content.headers.get('content-type')]).toEqual([200, 'application/zip']);
  expect(twin.service.violations()).toEqual([]);
});

test('an approval is decided through a control route by name', async () => {
  await control('/projects', { name: 'parking' });
  await control('/people', { displayName: 'Ada Example' });
  await control('/environments', { project: 'parking', name: 'STG', approvers: ['Ada Example'] });
  const stages = [{ name: 'deploy', environment: 'STG' }];
  const runId = at(await control('/runs', { project: 'parking', pipeline: 'release', stages }), 'id');
  const nobody = await control('/approvals', { runId, person: 'Nobody', status: 'approved' });
  expect(nobody).toEqual({ message: 'nobody is called "Nobody"' });
  await control('/approvals', { runId, person: 'Ada Example', status: 'approved' });
  const build = await rest(`parking/_apis/build/builds/${runId}?api-version=7.1`);
  expect(at(build, 'result')).toBe('succeeded');
});

test('a state that was saved continues after a reset', async () => {
  await control('/projects', { name: 'kept' });
  const state = await (await fetch(`${hosts.service.url}/_twin/state`)).text();
  await control('/reset', undefined);
  expect(at(await rest('_apis/projects?api-version=7.1'), 'count')).toBe(0);
  await fetch(`${hosts.service.url}/_twin/state`, { method: 'PUT', body: state });
  expect(JSON.stringify(await rest('_apis/projects?api-version=7.1'))).toContain('kept');
});
