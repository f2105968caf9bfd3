import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bundle, bundleApp, watchApp } from './build/bundle-app.ts';
import { writeApp } from './build/write-app.ts';
import { zipFolder } from './build/zip-folder.ts';

/**
 * `npm run build -- [--sourcemap] [--zip] [--watch]` writes `dist/`, the folder that is deployed: the bundled code,
 * package.json and host.json, nothing else. `--zip` also writes `.slipway/slipway.zip`.
 */
async function main(): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { sourcemap: flag, zip: flag, watch: flag } });
  const rootFolder = join(__dirname, '..');
  const folders = { rootFolder, outFolder: join(rootFolder, 'dist') };
  const options = {
    rootFolder,
    entryFile: join(rootFolder, 'functions', 'main.ts'),
    hasSourceMaps: values.sourcemap,
  };
  const write = async (bundle: Bundle) => {
    await writeApp(bundle, folders);
    console.log(describe(bundle));
  };
  if (values.watch) return watchApp(options, write, (message) => console.error(message));
  await write(await bundleApp(options));
  if (values.zip) await zipFolder(folders.outFolder, join(rootFolder, '.slipway', 'slipway.zip'));
}

/** Sizes, the biggest first: what main.js holds is what a cold start pays for. */
function describe({ files }: Bundle): string {
  const sizes = [...files].map(([name, content]) => ({
    name,
    kib: Math.ceil(Buffer.byteLength(content) / 1024),
  }));
  sizes.sort((first, second) => second.kib - first.kib);
  return sizes.map(({ name, kib }) => `${String(kib).padStart(7)} KiB  dist/${name}`).join('\n');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
