import { contentByPath } from './content-by-path.ts';
import type { DatabricksContext, TaskView } from './context.ts';
import { canonicalPath, isBelow } from './workspace-path.ts';

/** What tasks see of a workspace. */
export function viewOf(context: DatabricksContext): TaskView {
  return {
    filesBelow(folder) {
      const root = canonicalPath(folder);
      const objects = [...context.state.objects];
      const files = objects.filter(([path, { type }]) => type !== 'DIRECTORY' && isBelow(path, root));
      return files.map(([path]) => path).sort();
    },
    read: (path) => contentByPath(context, path),
  };
}
