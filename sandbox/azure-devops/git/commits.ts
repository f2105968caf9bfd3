import { type ArtifactContent, readContent } from '../builds/artifact-content.ts';
import type { Context } from '../context.ts';
import { projectNamed } from '../projects.ts';
import type { Repository } from '../state.ts';

/** A commit with its content. */
export interface NewCommit {
  project: string;
  /** Name of the repository; the project's first when absent. */
  repository?: string;
  commit: string;
  /** Full name of the branch whose head it becomes. */
  branch?: string;
  files: ArtifactContent;
}

/** Stores the content of a commit. Throws when project or repository is unknown. */
export function addCommit(context: Context, given: NewCommit): void {
  const repository = repositoryNamed(context, given);
  repository.commits.set(given.commit, readContent(given.files));
  if (given.branch !== undefined) repository.branches.set(given.branch, given.commit);
}

/** The repository of that name, or the project's first. Throws when there is none. */
export function repositoryNamed(
  context: Context,
  { project, repository }: { project: string; repository?: string },
): Repository {
  const { id } = projectNamed(context, project);
  const found = [...context.state.repositories.values()].find(
    (its) => its.projectId === id && (repository === undefined || its.name === repository),
  );
  if (!found) throw new Error(`project "${project}" has no repository "${repository}"`);
  return found;
}
