import { rootOf, treesOf, workspaceFiles } from '../notebooks/files.ts';
import type { Deployed, DeployedFile } from '../notebooks/inventory.ts';
import { knownForms } from '../notebooks/inventory.ts';
import { inTheWayOf } from '../notebooks/paths.ts';
import { strategyOf } from '../release-layout.ts';
import { manifestOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import type { Item } from './item.ts';
import type { Mark } from './memory.ts';
import { keptSince } from './memory.ts';

/** What the step `notebooks` has put there, and where it puts it now. */
interface Sight {
  readonly deployed: Deployed;
  readonly root: string;
  readonly marks: ReadonlyMap<string, Mark>;
}

/**
 * The files in place, and the paths of those that the release has. What stands in its way is not among them: the
 * step `notebooks` must remove that before it can send the release.
 * @throws Refusal naming every file of the release that cannot be deployed.
 */
export async function filesInPlace(
  context: StepContext,
  { deployed, root, marks }: Sight,
): Promise<{ readonly items: readonly Item[]; readonly wanted: readonly string[] }> {
  const known = new Map<string, Pick<DeployedFile, 'from' | 'form'>>(deployed.files);
  for (const [path, file] of deployed.uncertain) known.set(path, file);
  if (known.size === 0) return { items: [], wanted: [] };
  const wanted = await wantedIn(context, { deployed, root });
  const isWanted = new Set(wanted);
  const isInTheWay = inTheWayOf(wanted);
  const left = [...known].filter(([path]) => isWanted.has(path) || !isInTheWay.file(path));
  const items = left.map(([target, file]): Item => {
    const { upload, whole, digest } = stateOf(target, deployed);
    const keptAt = keptSince(marks, target, upload);
    const group = rootOf(target, file);
    const own = { kind: 'file', run: '', strategy: 'in-place', isHere: true } as const;
    return { ...own, target, digest, upload, whole, group, keptAt };
  });
  return { items, wanted };
}

async function wantedIn(context: StepContext, { deployed, root }: Omit<Sight, 'marks'>): Promise<string[]> {
  if (strategyOf(context).strategy === 'versioned') return [];
  const trees = treesOf(await manifestOf(context), root);
  const files = await workspaceFiles(trees, { content: context.content, known: knownForms(deployed) });
  return files.map(({ path }) => path);
}

function stateOf(target: string, { files, uncertain }: Deployed): Pick<Item, 'upload' | 'whole' | 'digest'> {
  const there = files.get(target);
  const upload = Math.max(there?.upload ?? 0, uncertain.get(target)?.upload ?? 0);
  const whole = !uncertain.has(target);
  return { upload, whole, digest: whole ? (there?.sha256 ?? null) : null };
}
