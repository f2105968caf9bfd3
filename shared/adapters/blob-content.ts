import type { ContainerClient } from '@azure/storage-blob';
import { BlobServiceClient } from '@azure/storage-blob';
import type { ContentStore } from '../engine/ports.ts';
import { UnreadableInput } from '../errors.ts';
import { sha256 } from '../release/canonical-json.ts';
import type { ContentCache } from './content-cache.ts';
import { contentCache } from './content-cache.ts';
import type { RetryTimes, StorageAccess } from './storage-access.ts';
import { STORAGE_RETRIES } from './storage-access.ts';
import { callStorage, codeOf, isMissing, statusOf } from './storage-errors.ts';

const CACHE_BOUND_IN_BYTES = 32 * 1024 * 1024;

/** A client of one blob container. Nothing is sent yet. */
export function openContainer(
  access: StorageAccess,
  container: string,
  { maxRetries, ...delays }: RetryTimes = STORAGE_RETRIES,
): ContainerClient {
  const options = { retryOptions: { maxTries: maxRetries + 1, ...delays } };
  const service =
    'endpoint' in access
      ? new BlobServiceClient(access.endpoint, access.credential, options)
      : BlobServiceClient.fromConnectionString(access.connectionString, options);
  return service.getContainerClient(container);
}

/**
 * Content in a blob container, named by its digest: `sha256/ab/abcd…`. Small content that was used lately is kept in
 * memory; nobody may change what `get` returns.
 */
export class BlobContentStore implements ContentStore {
  private readonly container: ContainerClient;
  private readonly cache: ContentCache;

  constructor(container: ContainerClient, cacheBoundInBytes = CACHE_BOUND_IN_BYTES) {
    this.container = container;
    this.cache = contentCache(cacheBoundInBytes);
  }

  /** For set-up. A container that is there already is no error. */
  async createContainer(): Promise<void> {
    await callStorage('create the container', (abortSignal) =>
      this.container.createIfNotExists({ abortSignal }),
    );
  }

  /** @returns the digest. Content that is there already is not written again. */
  async put(content: Uint8Array | string): Promise<string> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const digest = sha256(bytes);
    if (this.cache.get(digest) !== undefined) return digest;
    try {
      await callStorage('write content', (abortSignal) =>
        this.blob(digest).upload(bytes, bytes.byteLength, { abortSignal, conditions: { ifNoneMatch: '*' } }),
      );
    } catch (error) {
      if (!exists(error)) throw error;
    }
    this.cache.add(digest, bytes);
    return digest;
  }

  /** @throws UnreadableInput when there is no such content, or when it is not what was put. */
  async get(digest: string): Promise<Uint8Array> {
    const cached = this.cache.get(digest);
    if (cached !== undefined) return cached;
    const content = await this.download(digest);
    if (sha256(content) !== digest) throw new UnreadableInput(`content ${digest} is damaged`);
    this.cache.add(digest, content);
    return content;
  }

  async has(digest: string): Promise<boolean> {
    if (this.cache.get(digest) !== undefined) return true;
    return callStorage('look for content', (abortSignal) => this.blob(digest).exists({ abortSignal }));
  }

  private async download(digest: string): Promise<Uint8Array> {
    try {
      return await callStorage('read content', async (abortSignal) => {
        const { readableStreamBody } = await this.blob(digest).download(0, undefined, { abortSignal });
        const chunks: Uint8Array[] = [];
        for await (const chunk of readableStreamBody ?? []) {
          chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
        }
        return Buffer.concat(chunks);
      });
    } catch (error) {
      if (isMissing(error)) throw new UnreadableInput(`there is no content ${digest}`);
      throw error;
    }
  }

  private blob(digest: string) {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new UnreadableInput(`"${digest}" is no digest of content`);
    return this.container.getBlockBlobClient(`sha256/${digest.slice(0, 2)}/${digest}`);
  }
}

/** Both are answers to a write that wants the blob not to be there. */
function exists(error: unknown): boolean {
  return codeOf(error) === 'BlobAlreadyExists' || statusOf(error) === 412;
}
