import * as z from 'zod';
import type { AzureDevOpsClient, Build, PublishedArtifact } from '../engine/azure-devops-client.ts';
import type { ContentStore, ReleaseRecord } from '../engine/ports.ts';
import { Refusal, UnreadableInput } from '../errors.ts';
import type { ArtifactName, Manifest, ManifestFile } from '../project/manifest.ts';
import { ARTIFACT_NAMES, readManifest, storeManifest } from '../project/manifest.ts';
import { STEPS_THAT_NEED } from '../project/required-artifacts.ts';
import type { Json } from '../release/canonical-json.ts';
import { inParallel } from './in-parallel.ts';
import type { StepContext, StepKind, StepOutcome } from './step.ts';

const inputShape = z.object({
  organization: z.string(),
  project: z.string(),
  /** Id of the pipeline that publishes the artifacts. */
  definition: z.string(),
  branches: z.array(z.string()),
  build: z.string(),
  /** Artifacts that the build has to publish; none in runs of before. */
  requires: z.array(z.enum(ARTIFACT_NAMES)).default([]),
});

type Input = z.infer<typeof inputShape>;

/** After this time what is left is taken in by another invocation. */
const LONGEST_IN_MS = 45_000;

/**
 * Takes a build in: reads it back from Azure DevOps, downloads its artifacts once, and makes the release of them.
 * A release that is known already is taken as it is, without a request.
 */
export const artifacts: StepKind = {
  name: 'artifacts',
  summary: 'the artifacts of the build, stored by content',
  async apply(context) {
    const known = await context.releases.find(context.project, context.run.release);
    if (known !== null) return { done: outputOf(known, await readManifest(context.content, known.manifest)) };
    const input = readInput(context);
    const client = context.clients.azureDevOps(input.organization);
    const build = await client.build(input.project, input.build);
    const problem = build === null ? notThere(input) : buildProblem(build, input);
    if (build === null || problem !== null) return { refused: problem ?? notThere(input) };
    return takeIn(context, { client, input, build });
  },
};

function readInput({ input }: StepContext): Input {
  const read = inputShape.safeParse(input);
  if (read.success) return read.data;
  throw new UnreadableInput(`input of the step artifacts: ${z.prettifyError(read.error)}`);
}

function notThere({ build, project, organization }: Input): string {
  return `Build ${build} is not in the project ${project} of ${organization}. It may have been deleted: build again.`;
}

/** Why a build is not released. What a webhook said of it counts for nothing here. */
function buildProblem(build: Build, { definition, branches }: Input): string | null {
  const { id, number, status, result, branch } = build;
  if (build.definition !== definition)
    return `Build ${number} (${id}) is of pipeline ${build.definition}; the artifacts pipeline is ${definition}.`;
  if (!branches.some((name) => branch === name || branch === `refs/heads/${name}`))
    return `Build ${number} (${id}) is of ${branch}; releases are made of ${branches.join(', ')}.`;
  if (status !== 'completed')
    return `Build ${number} (${id}) is ${status}. Release it when it has completed.`;
  if (result !== 'succeeded')
    return `Build ${number} (${id}) ended ${result}; only a build that succeeded is released.`;
  return null;
}

interface Intake {
  readonly client: AzureDevOpsClient;
  readonly input: Input;
  readonly build: Build;
}

async function takeIn(context: StepContext, { client, input, build }: Intake): Promise<StepOutcome> {
  const { content, clock, signal } = context;
  const wanted = wantedOf(await client.artifacts(input.project, build.id), build, input);
  const end = clock.now() + LONGEST_IN_MS;
  const taken = await takenBefore(context);
  for (const { name, artifact } of wanted) {
    if (taken[name] !== undefined) continue;
    if (signal.aborted) throw new Error('the run was cancelled');
    if (clock.now() >= end) {
      const soFar = await storeManifest(content, { schema: 1, artifacts: taken });
      return { waiting: { until: clock.now(), memo: { soFar } } };
    }
    const files = await client.downloadArtifact(input.project, build, artifact);
    taken[name] = await storeFiles(content, files);
  }
  const manifest: Manifest = { schema: 1, artifacts: taken };
  const release = releaseOf(context, build, await storeManifest(content, manifest));
  await context.releases.add(context.project, release);
  return { done: outputOf(release, manifest) };
}

interface Wanted {
  readonly name: ArtifactName;
  readonly artifact: PublishedArtifact;
}

/** Others than the ones with a meaning, such as test results, stay where they are. */
function wantedOf(
  published: readonly PublishedArtifact[],
  { number, id }: Build,
  { requires }: Input,
): Wanted[] {
  const wanted = ARTIFACT_NAMES.flatMap((name) => {
    const artifact = published.find((its) => its.name === name);
    return artifact === undefined ? [] : [{ name, artifact }];
  });
  const missing = requires.filter((name) => !wanted.some((its) => its.name === name));
  const found = published.map(({ name }) => name).join(', ') || 'none';
  if (wanted.length === 0)
    throw new Refusal(
      `Build ${number} published no artifact that Slipway knows (${ARTIFACT_NAMES.join(', ')}); it published: ${found}.`,
    );
  if (missing.length > 0)
    throw new Refusal(
      `Build ${number} (${id}) did not publish ${missing.join(', ')}; it published: ${found}. Without it Slipway would ` +
        `take away what earlier builds put there. Publish it, or, if the project has none, write ${skips(missing)} into ` +
        'every environment of slipway.yaml and register that; then build again.',
    );
  return wanted;
}

/** What leaves the steps out that need these artifacts. */
function skips(missing: readonly ArtifactName[]): string {
  return `skip: [${missing.flatMap((name) => STEPS_THAT_NEED.get(name) ?? []).join(', ')}]`;
}

/** What an earlier call has stored. */
async function takenBefore({ memo, content }: StepContext): Promise<Manifest['artifacts']> {
  const isMemo = typeof memo === 'object' && memo !== null && 'soFar' in memo;
  if (!isMemo || typeof memo.soFar !== 'string') return {};
  return { ...(await readManifest(content, memo.soFar)).artifacts };
}

async function storeFiles(
  content: ContentStore,
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<ManifestFile[]> {
  const stored: ManifestFile[] = [];
  await inParallel(files, { inFlight: 10 }, async ({ path, bytes }) => {
    stored.push({ path, size: bytes.length, sha256: await content.put(bytes) });
  });
  return stored.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function releaseOf({ run, clock }: StepContext, build: Build, manifest: string): ReleaseRecord {
  const { id, number, branch, commit, definition } = build;
  return {
    name: run.release,
    order: Number(id.slice(-15)),
    manifest,
    takenInAt: clock.now(),
    source: { build: id, number, branch, commit, pipeline: definition },
  };
}

function outputOf(
  { manifest, source }: ReleaseRecord,
  { artifacts: byName }: Manifest,
): Record<string, Json> {
  const files = Object.values(byName).flat();
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const names = Object.keys(byName).sort();
  return { manifest, files: files.length, bytes, artifacts: names, number: source.number ?? null };
}
