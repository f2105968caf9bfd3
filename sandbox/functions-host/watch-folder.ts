import { watch } from 'node:fs';

const quietInMs = 150;

/**
 * Calls back when files of a folder have changed and it has been quiet since: a build writes many files.
 *
 * @returns how to stop watching
 */
export function watchFolder(folder: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { persistent: false }, (_event, file) => {
    if (file && !/\.(c?js|mjs|json)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, quietInMs);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
