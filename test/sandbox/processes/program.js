/** A program for tests: its first argument says how it behaves. */
const behaviours = {
  ready: () => {
    process.on('SIGTERM', () => process.exit(7));
    console.error('a line of the log');
    console.log(
      JSON.stringify({ ready: true, port: 1, pid: process.pid, setting: process.env.FROM_STARTER }),
    );
    process.stdin.on('end', () => process.exit(0)).resume();
  },
  deaf: () => {
    process.on('SIGTERM', () => {});
    console.log('{"ready":true}');
    setInterval(() => {}, 1000);
  },
  ends: () => {
    console.error('the reason why');
    process.exitCode = 3;
  },
  silent: () => {
    console.log('{"ready":false}');
    console.log('still at it');
    setInterval(() => {}, 1000);
  },
};
behaviours[process.argv[2]]();
