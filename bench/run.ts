import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conclude, program, runInTurn } from '../tools/run-in-turn.ts';

/** Every program of this folder, one after the other, so that none disturbs the figures of another. */
async function main(): Promise<void> {
  const files = readdirSync(__dirname).filter((file) => file.endsWith('.ts') && file !== 'run.ts');
  const isProgram = (file: string) => readFileSync(join(__dirname, file), 'utf8').includes('require.main');
  const benches = files.filter(isProgram).map((file) => program(file, join(__dirname, file)));
  conclude(await runInTurn(benches));
}

void main();
