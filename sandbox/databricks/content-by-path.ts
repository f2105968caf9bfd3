import type { DatabricksContext } from './context.ts';
import { canonicalPath } from './workspace-path.ts';

/** The content that a run or a cluster finds at a path: a volume, DBFS or the workspace; `undefined` if nothing. */
export function contentByPath({ state }: DatabricksContext, path: string): Uint8Array | undefined {
  const volumePath = /^(?:dbfs:)?(\/Volumes\/.+)$/.exec(path)?.[1];
  if (volumePath) return volumeContent(state, volumePath);
  const dbfsPath = /^(?:dbfs:|\/dbfs)(\/.+)$/.exec(path)?.[1];
  if (dbfsPath) return state.dbfs.get(dbfsPath)?.content;
  const object = state.objects.get(canonicalPath(path));
  return object && object.type !== 'DIRECTORY' ? object.content : undefined;
}

function volumeContent(state: DatabricksContext['state'], path: string): Uint8Array | undefined {
  const [, , catalog, schema, volume, ...rest] = path.split('/');
  const found = state.volumes.get(`${catalog}.${schema}.${volume}`.toLowerCase());
  return found && state.volumeFiles.get(found.info.volume_id)?.get('/' + rest.join('/'))?.content;
}
