import * as z from 'zod';

const percentage = z.number().min(0, 'is from 0 to 100').max(100, 'is from 0 to 100');

/** A number, or a reference that stood for one: how long to wait may differ between environments. */
const minutes = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d+(\.\d+)?$/)
        .transform(Number),
    ],
    {
      error: ({ input }) => `is ${JSON.stringify(input)}, which is no number`,
    },
  )
  .refine((value) => value > 0 && value <= 43_200, 'is more than 0 and at most 43200 (30 days)');

/** A step of a rollout as the file has it: who comes in. */
export const stepShape = z.strictObject({
  percentage,
  groups: z
    .array(z.strictObject({ name: z.string().min(1), percentage: percentage.default(100) }))
    .default([]),
  users: z.array(z.string().min(1)).default([]),
  wait_in_minutes: minutes.optional(),
});

export type StepInFile = z.infer<typeof stepShape>;

/** Who sees a feature, with those of earlier steps: nobody who is in ever falls out. */
export interface Audience {
  /** Share of everybody, 0 to 100. */
  readonly percentage: number;
  /** By name. */
  readonly groups: readonly { readonly name: string; readonly percentage: number }[];
  /** Sorted. */
  readonly users: readonly string[];
}

export interface RolloutStep extends Audience {
  /** Null for the last step. */
  readonly waitInMinutes: number | null;
}

/** The steps of one rollout with everybody who is in, and what is wrong with them. */
export function rolloutSteps(inFile: readonly StepInFile[]): {
  readonly steps: readonly RolloutStep[];
  readonly problems: readonly string[];
} {
  const steps: RolloutStep[] = [];
  const problems: string[] = [];
  inFile.forEach((step, index) => {
    const before = steps.at(-1) ?? NOBODY;
    const isLast = index === inFile.length - 1;
    const found = [...stepProblems(step, before), ...waitProblems(step, isLast)];
    problems.push(...found.map((problem) => `step ${index + 1} ${problem}.`));
    steps.push({ ...together(before, step), waitInMinutes: step.wait_in_minutes ?? null });
    const isSame = index > 0 && describeAudience(steps.at(-1) ?? NOBODY) === describeAudience(before);
    if (isSame && found.length === 0)
      problems.push(`step ${index + 1} lets nobody in whom the one before does not.`);
  });
  return { steps, problems };
}

const NOBODY: Audience = { percentage: 0, groups: [], users: [] };

function stepProblems({ percentage: share, groups }: StepInFile, before: Audience): string[] {
  const problems: string[] = [];
  if (share < before.percentage)
    problems.push(`has ${share} %, which is less than the ${before.percentage} % before`);
  const names = groups.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  for (const name of new Set(twice)) problems.push(`names the group ${name} twice`);
  for (const { name, percentage: theirs } of groups) {
    const earlier = before.groups.find((group) => group.name === name)?.percentage ?? 0;
    if (theirs < earlier)
      problems.push(`has ${theirs} % of the group ${name}, less than the ${earlier} % before`);
  }
  return problems;
}

function waitProblems({ wait_in_minutes }: StepInFile, isLast: boolean): string[] {
  if (isLast)
    return wait_in_minutes === undefined ? [] : ['is the last one and must have no wait_in_minutes'];
  return wait_in_minutes === undefined ? ['needs wait_in_minutes: only the last one has none'] : [];
}

function together(before: Audience, { percentage: share, groups, users }: StepInFile): Audience {
  const byName = new Map([...before.groups, ...groups].map((group) => [group.name, group]));
  return {
    percentage: share,
    groups: [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    users: [...new Set([...before.users, ...users])].sort(),
  };
}

/** `10 %, group testers (50 %), user ada`: for people, and the same for the same audience. */
export function describeAudience({ percentage: share, groups, users }: Audience): string {
  const parts = [
    `${share} %`,
    ...groups.map(
      (group) => `group ${group.name}${group.percentage === 100 ? '' : ` (${group.percentage} %)`}`,
    ),
    ...users.map((user) => `user ${user}`),
  ];
  return parts.join(', ');
}
