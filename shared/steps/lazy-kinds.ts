import type { StepKind } from './step.ts';

/** Names of all kinds, in the order of the registry. */
export const KIND_NAMES: readonly string[] = [
  'artifacts',
  'configuration',
  'infrastructure',
  'unity-catalog',
  'wheel',
  'notebooks',
  'databricks-config',
  'feature-flags',
  'clean-up',
  'integration-tests',
  'smoke-tests',
  'feature-rollout',
  'pre-flight',
];

/** The registry by name, without what it costs to load it before a step is first run. */
export function lazyKinds(): ReadonlyMap<string, StepKind> {
  let loading: Promise<ReadonlyMap<string, StepKind>> | null = null;
  const load = async (name: string): Promise<StepKind> => {
    loading ??= import('./registry.ts').then(({ stepKinds }) => stepKinds());
    const kind = (await loading).get(name);
    if (kind === undefined) throw new Error(`the registry has no step kind "${name}"`);
    return kind;
  };
  return new Map(KIND_NAMES.map((name) => [name, lazyKind(name, load)]));
}

/** Answers as the kind itself does where that has no such method. */
function lazyKind(name: string, load: (name: string) => Promise<StepKind>): StepKind {
  return {
    name,
    summary: name,
    plan: async (context) => (await (await load(name)).plan?.(context)) ?? [],
    check: async (context, changes) => (await (await load(name)).check?.(context, changes)) ?? [],
    apply: async (context, changes) => (await load(name)).apply(context, changes),
    cancel: async (context) => (await (await load(name)).cancel?.(context)) ?? { done: {} },
  };
}
