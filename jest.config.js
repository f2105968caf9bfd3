/** Tests are TypeScript; `test/jest-transform.js` turns each file into CommonJS with esbuild. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/jest-transform.js' },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.slipway'],
  testTimeout: 20_000,
  maxWorkers: 2,
  watchman: false,
};
