import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Operation } from '../../../sandbox/twin/contract.ts';
import { differences } from './spec-comparison.ts';
import type { Spec } from './spec-schema.ts';

/** The third-party specification files; they lie beside the repository and are no part of it. */
const FOLDER = join(__dirname, '../../../../shared/contracts');

/** A table to compare, with the files that describe it and the reader for them. */
export interface Comparison {
  service: string;
  operations: readonly Operation[];
  /** Paths below the folder of specification files. */
  files: readonly string[];
  /** Reads one file; `open` gives the text of another one of the folder. */
  read(text: string, open: (path: string) => string): Spec;
}

/** The text of a specification file. */
function open(path: string): string {
  return readFileSync(join(FOLDER, path), 'utf8');
}

/** Declares the test that a table agrees with the specification files; without them it is skipped, with one line. */
export function testAgainstSpecification({ service, operations, files, read }: Comparison): void {
  const present = existsSync(FOLDER);
  if (!present)
    process.stderr.write(`skipped: no specification files to compare the ${service} table with\n`);
  const declare = present ? test : test.skip;
  declare(`the contract table of ${service} agrees with its specification files`, () => {
    const specs = files.map((file) => read(open(file), open));
    expect(differences(operations, specs)).toEqual([]);
  });
}
