import type { ContentStore } from '../engine/ports.ts';
import type { StorageAccess } from './storage-access.ts';

/** The content store, without what it costs to load the blob client before content is first needed. */
export function lazyContent(access: StorageAccess, container: string): ContentStore {
  let loaded: Promise<ContentStore> | null = null;
  const store = () => {
    loaded ??= import('./blob-content.ts').then(({ BlobContentStore, openContainer }) => {
      return new BlobContentStore(openContainer(access, container));
    });
    return loaded;
  };
  return {
    put: async (content) => (await store()).put(content),
    get: async (digest) => (await store()).get(digest),
    has: async (digest) => (await store()).has(digest),
  };
}
