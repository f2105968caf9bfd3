import { join } from 'node:path';
import { startProgram } from '../../../sandbox/processes/start-program.ts';

/** Starts a child, tells its process id and stays: for a test that kills it. */
startProgram({ name: 'child', file: join(process.argv[2] ?? '', 'program.js'), args: ['ready'] }).then(
  (child) => {
    process.stdout.write(`${JSON.stringify({ ready: true, childPid: child.pid })}\n`);
  },
);
