/** Small content that was put or read lately. Content never changes, so nothing in here is ever out of date. */
export interface ContentCache {
  get(digest: string): Uint8Array | undefined;
  /**
   * Keeps a copy, since the content may be a part of something much larger, such as an archive. Content of more than
   * an eighth of the bound is not kept: one of it would drive out much of the rest.
   */
  add(digest: string, content: Uint8Array): void;
}

/** Keeps what was used last, up to `boundInBytes` in all. */
export function contentCache(boundInBytes: number): ContentCache {
  /** In the order of use, since a Map keeps the order of insertion. */
  const contents = new Map<string, Uint8Array>();
  let sizeInBytes = 0;

  function forget(digest: string): void {
    sizeInBytes -= contents.get(digest)?.byteLength ?? 0;
    contents.delete(digest);
  }

  return {
    get(digest) {
      const content = contents.get(digest);
      if (content === undefined) return undefined;
      contents.delete(digest);
      contents.set(digest, content);
      return content;
    },
    add(digest, content) {
      if (content.byteLength > boundInBytes / 8) return;
      forget(digest);
      contents.set(digest, new Uint8Array(content));
      sizeInBytes += content.byteLength;
      for (const oldest of contents.keys()) {
        if (sizeInBytes <= boundInBytes) return;
        forget(oldest);
      }
    },
  };
}
