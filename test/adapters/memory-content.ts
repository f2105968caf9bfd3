import type { ContentStore } from '../../shared/engine/ports.ts';
import { UnreadableInput } from '../../shared/errors.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';

/** Content in memory, for tests of what only uses it. */
export class MemoryContent implements ContentStore {
  readonly contents = new Map<string, Uint8Array>();

  async put(content: Uint8Array | string): Promise<string> {
    const digest = sha256(content);
    this.contents.set(digest, typeof content === 'string' ? new TextEncoder().encode(content) : content);
    return digest;
  }

  async get(digest: string): Promise<Uint8Array> {
    const content = this.contents.get(digest);
    if (content === undefined) throw new UnreadableInput(`there is no content ${digest}`);
    return content;
  }

  async has(digest: string): Promise<boolean> {
    return this.contents.has(digest);
  }
}
