import type { ArtifactName } from './manifest.ts';
import type { ProjectFile } from './project-file.ts';

type Part = ProjectFile['environments'][string]['skip'][number];

/**
 * The steps that would take away what earlier builds put there, if their artifact were not published. Tests may be
 * left out, and without a file of flags no flag is touched.
 */
export const STEPS_THAT_NEED: ReadonlyMap<ArtifactName, readonly Part[]> = new Map([
  ['python-wheel', ['wheel']],
  ['infrastructure', ['infrastructure']],
  ['databricks-notebooks', ['notebooks']],
  ['databricks-config', ['unity-catalog', 'databricks-config']],
]);

/**
 * The artifacts that a build of the project has to publish: all that some environment has a step for.
 * @param kinds names of the step kinds that this version of Slipway has.
 */
export function requiredArtifacts(
  { environments }: Pick<ProjectFile, 'environments'>,
  kinds: ReadonlySet<string>,
): ArtifactName[] {
  const isTaken = (step: Part) =>
    kinds.has(step) && Object.values(environments).some(({ skip }) => !skip.includes(step));
  return [...STEPS_THAT_NEED].filter(([, steps]) => steps.some(isTaken)).map(([artifact]) => artifact);
}
