import { runAsProgram } from '../../../sandbox/processes/run-as-program.ts';

/** A service for tests. With the argument `broken` it does not come up. */
runAsProgram(async () => {
  if (process.argv[2] === 'broken') throw new Error('the service is broken');
  const timer = setInterval(() => {}, 1_000);
  return {
    ready: { own: 'fact' },
    stop: async () => {
      process.stderr.write('stopped in order\n');
      clearInterval(timer);
    },
  };
});
