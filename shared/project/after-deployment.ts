/** What may follow the deployment of an environment: a stage of one step each. */
export type Follower = 'integration-tests' | 'smoke-tests' | 'rollout';

/** What follows the deployment of one environment, in its order, and what the stages are called. */
export interface AfterDeployment {
  readonly tests: Exclude<Follower, 'rollout'> | null;
  readonly rollout: boolean;
  readonly nameOf: (follower: Follower) => string;
}

/** What the file says of an environment in this matter. */
interface Wishes {
  readonly tests?: 'none' | 'integration-tests' | 'smoke-tests' | undefined;
  readonly rollout?: boolean | undefined;
  readonly when: 'succeeded' | 'failed' | 'always';
}

type Environments = Readonly<Record<string, Wishes>>;

/** The document's names say what is tested where; another name says nothing, so the file has to. */
const TESTS_BY_NAME: ReadonlyMap<string, Wishes['tests']> = new Map([
  ['staging', 'integration-tests'],
  ['production', 'smoke-tests'],
]);
const ROLLS_OUT_BY_NAME = 'production';

/**
 * What follows the deployment of the environment `name`. A stage has the plain name of its kind where only one
 * environment has such a stage, and ends in the environment's name otherwise, since names of stages are unique.
 */
export function afterDeployment(environments: Environments, name: string): AfterDeployment {
  const followers = followersOf(environments, name);
  return {
    tests: followers.find((each) => each !== 'rollout') ?? null,
    rollout: followers.includes('rollout'),
    nameOf: (follower) => {
      const having = Object.keys(environments).filter((each) =>
        followersOf(environments, each).includes(follower),
      );
      return having.length > 1 ? `${follower}-${name}` : follower;
    },
  };
}

/** Whether flags move step by step there, instead of arriving at once. */
export function rollsOut(name: string, { rollout, when }: Omit<Wishes, 'tests'>): boolean {
  return when !== 'failed' && (rollout ?? name === ROLLS_OUT_BY_NAME);
}

function followersOf(environments: Environments, name: string): Follower[] {
  const environment = environments[name];
  // Such a deployment may well be skipped, and then there is nothing to test.
  if (environment === undefined || environment.when === 'failed') return [];
  const tests = environment.tests ?? TESTS_BY_NAME.get(name) ?? 'none';
  return [...(tests === 'none' ? [] : [tests]), ...(rollsOut(name, environment) ? ['rollout' as const] : [])];
}

/** Why an environment cannot have this name: a stage of Slipway's own is, or would be, called so. */
export function takenName(name: string): string | null {
  const own = ['intake', 'integration-tests', 'smoke-tests', 'rollout'];
  const taken = own.find((stage) => name === stage || name.startsWith(`${stage}-`));
  return taken === undefined
    ? null
    : `"${name}" is a name of Slipway's own stages: call the environment otherwise`;
}
