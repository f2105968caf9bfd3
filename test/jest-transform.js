const { transformSync } = require('esbuild');

/** Types are checked by `npm run check`, so a test run only has to strip them. */
module.exports = {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      target: 'node20',
      // Jest runs CommonJS: what the app loads late is required late.
      supported: { 'dynamic-import': false },
      sourcefile: path,
      sourcemap: 'external',
    });
    return { code, map };
  },
};
