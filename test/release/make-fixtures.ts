import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_SCHEMA } from '../../shared/release/model.ts';
import { FIXTURES } from './stored-states.ts';

/**
 * Writes the stored states of today's schema. Run it once, when a new schema begins (`npx tsx
 * test/release/make-fixtures.ts`); those of earlier schemas are never written again.
 */
function main(): void {
  const folder = join(__dirname, 'fixtures', `schema-${RUN_SCHEMA}`);
  mkdirSync(folder, { recursive: true });
  for (const { name, make } of FIXTURES) {
    const { runs, environments } = make();
    const stored = { runs: [...runs.values()], environments: [...environments.values()] };
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(stored, null, 2)}\n`);
  }
}

main();
