import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type BuildOptions,
  build,
  context,
  type Metafile,
  type OutputFile,
  type Plugin,
  transform,
} from 'esbuild';

export interface BundleOptions {
  /** Absolute path of the file that imports every function. */
  entryFile: string;
  /** Absolute path of the folder that holds node_modules. */
  rootFolder: string;
  hasSourceMaps: boolean;
}

/** The app's code as it is deployed. */
export interface Bundle {
  /** By file name; flat. */
  files: Map<string, string>;
  /** Of the bundling: which file holds which sources and imports which files. */
  metafile: Metafile;
}

/**
 * Bundles the app for a fast cold start: `main.js` with what every start needs, and one file for everything that is
 * imported by `await import('./some-file.ts')`, which is parsed and run only when it is first needed. Code that
 * several of them need goes to `chunk-*.js`, so that no module exists twice and `instanceof` holds everywhere. That
 * is the whole convention: to take something heavy out of the start, give it a file and import that dynamically.
 *
 * `@azure/functions` looks for the worker's module with `require`, so the files must be CommonJS; but esbuild splits
 * only ES modules. So it bundles to ES modules, and each file is then converted on its own. They are not minified:
 * that does not shorten the load, and would cost readable stack traces.
 *
 * @throws Error with esbuild's messages when the sources cannot be bundled
 */
export async function bundleApp(options: BundleOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({ ...esbuildOptions(options), write: false, metafile: true });
  return convert(outputFiles, metafile, options);
}

/** Bundles now and whenever a source changes, until this process ends. */
export async function watchApp(
  options: BundleOptions,
  onBundle: (bundle: Bundle) => Promise<void>,
  onError: (message: string) => void,
): Promise<void> {
  const whenBuilt: Plugin = {
    name: 'when-built',
    setup: ({ onEnd }) =>
      onEnd(async ({ errors, outputFiles, metafile }) => {
        const [error] = errors;
        if (error) onError(`${error.location?.file ?? ''}:${error.location?.line ?? ''} ${error.text}`);
        else if (outputFiles && metafile) await onBundle(await convert(outputFiles, metafile, options));
      }),
  };
  const basis = esbuildOptions(options);
  const plugins = [...(basis.plugins ?? []), whenBuilt];
  await (await context({ ...basis, plugins, write: false, metafile: true })).watch();
}

/** Stands for `import.meta.url`, which CommonJS lacks and some packages ask for. */
const fileUrlName = '__fileUrl';

function esbuildOptions(options: BundleOptions): BuildOptions {
  return {
    entryPoints: { main: options.entryFile },
    absWorkingDir: options.rootFolder,
    outdir: join(options.rootFolder, 'dist'),
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The ES module builds of the Azure packages load a third faster: their unused parts fall away.
    mainFields: ['module', 'main'],
    // Exists only inside the worker.
    external: ['@azure/functions-core'],
    define: { 'import.meta.url': fileUrlName },
    sourcemap: options.hasSourceMaps ? 'inline' : false,
    plugins: [keepPackagesWhole],
    logLevel: 'silent',
  };
}

const dynamicImport = /\bimport\(\s*(['"][^'"]+['"])\s*\)/g;

/** What a package imports dynamically stays in the file of the package: only our own such imports make files. */
const keepPackagesWhole: Plugin = {
  name: 'keep-packages-whole',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => {
      // There are thousands of files, of which a few import dynamically: the others are not even decoded.
      const bytes = readFileSync(path);
      if (!bytes.includes('import(')) return undefined;
      const source = bytes.toString('utf8');
      const contents = source.replace(dynamicImport, 'Promise.resolve().then(() => require($1))');
      return contents === source ? undefined : { contents, loader: 'js' };
    }),
};

async function convert(outputs: OutputFile[], metafile: Metafile, options: BundleOptions): Promise<Bundle> {
  const converted = await Promise.all(outputs.map((output) => toCommonJs(output, options.hasSourceMaps)));
  return { files: new Map(converted.flat()), metafile };
}

async function toCommonJs(output: OutputFile, hasSourceMaps: boolean): Promise<[string, string][]> {
  const name = basename(output.path);
  const fileUrl = `const ${fileUrlName} = require('node:url').pathToFileURL(__filename).href;\n`;
  const { code, map } = await transform(output.text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // As `require`, it needs no second module loader.
    supported: { 'dynamic-import': false },
    sourcefile: name,
    sourcemap: hasSourceMaps ? 'external' : false,
    ...(output.text.includes(fileUrlName) ? { banner: fileUrl } : {}),
  });
  if (!hasSourceMaps) return [[name, code]];
  return [
    [name, `${code}//# sourceMappingURL=${name}.map\n`],
    [`${name}.map`, map],
  ];
}
