import { describe, expect, test } from '@jest/globals';
import { notebooks } from '../../shared/steps/notebooks.ts';
import { referenceValues } from '../../shared/steps/reference-values.ts';
import { layoutOf, treeText, VERSION_FOLDER } from '../../shared/steps/release-layout.ts';
import { databricksWorld } from './databricks-world.ts';
import type { Artifacts } from './step-runner.ts';
import { contextOf } from './step-runner.ts';

const FILES: Artifacts = {
  'databricks-notebooks': { 'a.py': '# Databricks notebook source\n1' },
  'databricks-tests': { 'run_suite.py': 'import pytest' },
  'python-wheel': { 'a-1.0-py3-none-any.whl': 'wheel' },
};
const VOLUME = '/Volumes/parking_sensors_catalog_dev/utilities/libraries';

async function contextFor(artifacts: Artifacts, input: Record<string, unknown> = {}) {
  const { world } = databricksWorld();
  world.artifacts = artifacts;
  world.input = input;
  return contextOf(notebooks, world, null);
}
const layoutFor = async (artifacts: Artifacts, input?: Record<string, unknown>) =>
  layoutOf(await contextFor(artifacts, input));

describe('in place', () => {
  test('everything is in the folders of the variables, tests beside the notebooks', async () => {
    expect(await layoutFor(FILES)).toEqual({
      notebookFolder: '/Workspace/Shared/parking-sensors',
      testFolder: '/Workspace/Shared/parking-sensors-tests',
      wheels: [`${VOLUME}/a-1.0-py3-none-any.whl`],
    });
  });

  test('a release without tests has no folder for them', async () => {
    expect((await layoutFor({ ...FILES, 'databricks-tests': {} })).testFolder).toBeNull();
  });
});

describe('versioned', () => {
  const versioned = { strategy: 'versioned', keep: 2 };

  test('each artifact has a folder of its own content, each wheel one of its own', async () => {
    const { notebookFolder, testFolder, wheels } = await layoutFor(FILES, versioned);
    expect(notebookFolder).toMatch(/^\/Workspace\/Shared\/parking-sensors\/releases\/[0-9a-f]{16}$/);
    expect(testFolder).toMatch(/^\/Workspace\/Shared\/parking-sensors-tests\/releases\/[0-9a-f]{16}$/);
    expect(wheels[0]).toMatch(/^\/Volumes\/.*\/libraries\/releases\/[0-9a-f]{16}\/a-1\.0-py3-none-any\.whl$/);
    expect(notebookFolder).toMatch(VERSION_FOLDER);
  });

  test('what did not change keeps its folder, whatever else did', async () => {
    const before = await layoutFor(FILES, versioned);
    const after = await layoutFor({ ...FILES, 'databricks-tests': { 'run_suite.py': 'new' } }, versioned);
    expect(after).toEqual({ ...before, testFolder: after.testFolder });
    expect(after.testFolder).not.toBe(before.testFolder);
  });

  test('a moved file and a changed file make another folder, the order of the files does not', () => {
    const one = { path: 'a.py', size: 1, sha256: 'a' };
    const two = { path: 'b.py', size: 1, sha256: 'b' };
    expect(treeText([two, one])).toBe(treeText([one, two]));
    expect(treeText([one, { ...two, path: 'c.py' }])).not.toBe(treeText([one, two]));
    expect(treeText([one, { ...two, sha256: 'c' }])).not.toBe(treeText([one, two]));
  });
});

describe('what configuration files may name', () => {
  const namesFor = async (artifacts: Artifacts) => {
    const values = await referenceValues(await contextFor(artifacts));
    return Object.fromEntries([...values].filter(([name]) => /^slipway\.(n|t|w)/.test(name)));
  };

  test('the folders and the wheel of the release', async () => {
    expect(await namesFor(FILES)).toEqual({
      'slipway.notebookFolder': '/Workspace/Shared/parking-sensors',
      'slipway.testFolder': '/Workspace/Shared/parking-sensors-tests',
      'slipway.wheel': `${VOLUME}/a-1.0-py3-none-any.whl`,
    });
  });

  test('nothing of an artifact that the release does not have', async () => {
    expect(await namesFor({ 'python-wheel': FILES['python-wheel'] ?? {} })).toEqual({
      'slipway.wheel': `${VOLUME}/a-1.0-py3-none-any.whl`,
    });
    expect(await namesFor({})).toEqual({});
  });

  test('a wheel that cannot be deployed is for its own step to refuse', async () => {
    expect(await namesFor({ 'python-wheel': { 'readme.txt': '' } })).toEqual({});
  });
});

test('a strategy that does not exist is no input', async () => {
  await expect(layoutFor(FILES, { strategy: 'blue-green' })).rejects.toThrow(/input of the step notebooks/);
});
