import { ALEX, Driver, MINUTE, NINE, RILEY } from './driver.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from './pipelines.ts';

/** A small pipeline with everything that a run can wait for. */
const TABLE = pipeline(
  [
    stage('staging', { steps: [step('wheel'), step('notebooks', { after: ['wheel'] })] }),
    stage('production', {
      after: ['staging'],
      gate: ONE_APPROVAL,
      steps: [step('wheel'), remoteStep('smoke')],
      rollsBack: true,
    }),
  ],
  'latest',
);

const WAITED = { type: 'step-waited', until: 0, memo: 'remote-1', stage: '', step: '', claim: 0 } as const;
const REFUSED = { type: 'step-refused', reason: '2 tests failed', stage: '', step: '', claim: 0 } as const;

function requested(): Driver {
  const driver = new Driver();
  driver.request(TABLE);
  return driver;
}

function atGate(): Driver {
  const driver = requested();
  driver.work();
  return driver;
}

function testing(): Driver {
  const driver = atGate();
  driver.approve('production');
  driver.work(['production/smoke']);
  return driver;
}

function failed(): Driver {
  const driver = testing();
  driver.finish('production', 'smoke', { ...REFUSED });
  return driver;
}

/** Runs in the states in which a new version of Slipway may find them, made by playing the core. */
export const FIXTURES: readonly { readonly name: string; readonly make: () => Driver }[] = [
  { name: 'planning', make: requested },
  {
    name: 'a-step-is-claimed',
    make: () => {
      const driver = requested();
      driver.claim('staging', 'wheel');
      return driver;
    },
  },
  { name: 'waiting-for-approval', make: atGate },
  {
    name: 'waiting-for-a-freeze',
    make: () => {
      const driver = atGate();
      const freeze = { id: 'fair', from: NINE, to: NINE + 30 * MINUTE, why: 'a fair', by: RILEY };
      driver.tellEnvironment('production', { type: 'freeze-set', at: NINE, ...freeze });
      driver.approve('production');
      return driver;
    },
  },
  {
    name: 'waiting-for-a-remote-run',
    make: () => {
      const driver = testing();
      driver.finish('production', 'smoke', { ...WAITED });
      return driver;
    },
  },
  { name: 'failed', make: failed },
  {
    name: 'taken-up-again',
    make: () => {
      const driver = failed();
      driver.tell('release-1', { type: 'retry-requested', by: ALEX, why: 'mended' });
      return driver;
    },
  },
  {
    name: 'two-releases-want-one-environment',
    make: () => {
      const driver = requested();
      driver.request(TABLE, { release: { name: 'build-2', order: 2 } });
      driver.work(['staging/notebooks']);
      driver.passOn();
      return driver;
    },
  },
  {
    name: 'being-cancelled',
    make: () => {
      const driver = testing();
      driver.finish('production', 'smoke', { ...WAITED });
      driver.tell('release-1', { type: 'cancel-requested', by: RILEY, why: 'not today' });
      return driver;
    },
  },
];
