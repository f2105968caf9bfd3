import { expect, test } from '@jest/globals';
import { ask, at, createOrganization } from './organization.ts';

const GROUPS = 'parking/_apis/distributedtask/variablegroups';

function createGroups() {
  const { twin } = createOrganization();
  const add = (name: string, changes = {}) =>
    twin.addVariableGroup({ project: 'parking', name, variables: {}, ...changes });
  add('release-dev', { variables: { region: 'westeurope', password: { value: 'hidden', isSecret: true } } });
  add('release-prod', { vault: 'kv-prod', variables: { token: 'hidden' } });
  add('other');
  return twin;
}

test('a group is found by its name, with its values', async () => {
  const twin = createGroups();
  const { json } = await ask(twin, 'GET', `${GROUPS}?groupName=release-dev`);
  expect(at(json, 'count')).toBe(1);
  expect(at(json, 'value.0')).toMatchObject({ name: 'release-dev', type: 'Vsts' });
  expect(at(json, 'value.0.variables.region')).toEqual({ value: 'westeurope' });
  expect(twin.service.violations()).toEqual([]);
});

test('a secret is null, always', async () => {
  const { json, body } = await ask(createGroups(), 'GET', `${GROUPS}?groupName=release-dev`);
  expect(at(json, 'value.0.variables.password')).toEqual({ value: null, isSecret: true });
  expect(Buffer.from(body).includes('hidden')).toBe(false);
});

test('a group of a vault knows only names', async () => {
  const { json, body } = await ask(createGroups(), 'GET', `${GROUPS}?groupName=release-prod`);
  expect(at(json, 'value.0')).toMatchObject({ type: 'AzureKeyVault', providerData: { vault: 'kv-prod' } });
  expect(at(json, 'value.0.variables.token')).toMatchObject({ value: null, isSecret: true, enabled: true });
  expect(Buffer.from(body).includes('hidden')).toBe(false);
});

test('a name may end in a star, and no name means all', async () => {
  const twin = createGroups();
  expect(at((await ask(twin, 'GET', `${GROUPS}?groupName=release*`)).json, 'count')).toBe(2);
  expect(at((await ask(twin, 'GET', GROUPS)).json, 'count')).toBe(3);
  expect(at((await ask(twin, 'GET', `${GROUPS}?groupName=none`)).json, 'count')).toBe(0);
});

test('groups are read by their ids', async () => {
  const twin = createGroups();
  const { json } = await ask(twin, 'GET', `${GROUPS}?groupIds=1,3`);
  expect([at(json, 'value.0.name'), at(json, 'value.1.name')]).toEqual(['release-dev', 'other']);
  expect((await ask(twin, 'GET', `${GROUPS}/2`)).json).toMatchObject({ name: 'release-prod' });
  expect((await ask(twin, 'GET', `${GROUPS}/9`)).status).toBe(404);
  expect(twin.service.violations()).toEqual([]);
});
