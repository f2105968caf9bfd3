import type { ReleaseRecord, Releases } from '../engine/ports.ts';
import { editDistance } from '../project/edit-distance.ts';
import type { Environment } from '../release/model.ts';
import { rollbackTarget } from '../release/rollback.ts';
import type { Answer } from './answer.ts';
import { problem } from './answer.ts';

/** Where a release is to go, and which; null takes the default of the kind. */
export interface Wanted {
  readonly project: string;
  readonly environment: Environment;
  readonly release: string | null;
  /** The release that is there now, be it in part; null: nothing. */
  readonly there: string | null;
}

/** The release that it will be, or the answer that says why there is none. */
type Target = ReleaseRecord | { readonly refusal: Answer };

const SHOWN_RELEASES = 5;

/** A redeploy takes any release that was taken in, good or bad; by default the live one. */
export async function redeployTarget(
  releases: Releases,
  { project, environment, release }: Wanted,
): Promise<Target> {
  const name = release ?? environment.live?.release ?? null;
  if (name !== null) return findRelease(releases, project, name);
  const there = await shownReleases(releases, project);
  return refused(
    'Nothing is live there',
    `Nothing is live in ${environment.name} yet. Name the release in the body; there are: ${there}.`,
  );
}

/**
 * A rollback goes back to a release that ended well in the environment, by default the newest one before what is there
 * now. Whatever else is known, bad ones and those that an earlier rollback went behind included, is for a redeploy.
 */
export async function targetOfRollback(
  releases: Releases,
  { project, environment, release, there: undone }: Wanted,
): Promise<Target> {
  const { name: where, live } = environment;
  if (undone === null)
    return refused('There is nothing to roll back', `Nothing was ever deployed to ${where}.`);
  const known = release === null ? null : await findRelease(releases, project, release);
  if (known !== null && 'refusal' in known) return known;
  if (known !== null && known.name === undone && known.name === live?.release)
    return refused(
      'That release is live',
      `${known.name} is live in ${where}. To put it there once more, ask for a redeploy.`,
    );
  const good = goodReleases(environment, undone);
  const target = known?.name ?? rollbackTarget(environment, undone)?.release ?? null;
  if (target !== null && good.includes(target))
    return known ?? (await findRelease(releases, project, target));
  const next =
    good.length === 0
      ? 'No release is known that ended well there before. Redeploy one by its name'
      : `A rollback goes back to one of: ${good.join(', ')}. To put another there, redeploy it by its name`;
  const cause =
    target === null ? `${undone} is in ${where}.` : `${target} is not known to have ended well in ${where}.`;
  return refused('There is nothing to roll back to', `${cause} ${next}.`);
}

/** Releases that a rollback of the environment may go back to, the default first. */
export function goodReleases({ live, history }: Environment, undone: string): string[] {
  const all = live === null ? history : [live, ...history];
  return all.filter(({ bad, release }) => !bad && release !== undone).map(({ release }) => release);
}

function refused(title: string, detail: string): { readonly refusal: Answer } {
  return { refusal: problem(409, title, detail) };
}

/** A release by its name, or a 404 that names the nearest one. */
export async function findRelease(releases: Releases, project: string, name: string): Promise<Target> {
  const found = await releases.find(project, name);
  if (found !== null) return found;
  const [nearest] = (await releases.list(project, MOST_COMPARED))
    .map((known) => ({ name: known.name, distance: editDistance(name, known.name) }))
    .sort((left, right) => left.distance - right.distance);
  const meant = nearest !== undefined && nearest.distance <= 2 ? ` Did you mean "${nearest.name}"?` : '';
  const there = await shownReleases(releases, project);
  const detail = `There is no release "${name}" in project ${project}.${meant} There are: ${there}.`;
  return { refusal: problem(404, 'There is no such release', detail) };
}

const MOST_COMPARED = 200;

/** The newest releases by name, and how many more there are. */
async function shownReleases(releases: Releases, project: string): Promise<string> {
  const all = (await releases.list(project, MOST_COMPARED)).map(({ name }) => name);
  const more = all.length > SHOWN_RELEASES ? ` and ${all.length - SHOWN_RELEASES} more` : '';
  return all.length === 0 ? 'none' : `${all.slice(0, SHOWN_RELEASES).join(', ')}${more}`;
}
