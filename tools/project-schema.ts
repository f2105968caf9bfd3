import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROJECT_FILE_SHAPE } from '../shared/project/project-file.ts';

/** Where the schema of `slipway.yaml` is kept for editors. */
export const SCHEMA_FILE = join(__dirname, '../docs/slipway.schema.json');

/** The JSON schema of what a person writes into `slipway.yaml`, as text. */
export function projectSchema(): string {
  const schema = z.toJSONSchema(PROJECT_FILE_SHAPE, { io: 'input', unrepresentable: 'any' });
  const titled = { ...schema, title: 'slipway.yaml', description: 'Registers a project with Slipway.' };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

if (process.argv[1] === __filename) writeFileSync(SCHEMA_FILE, projectSchema());
