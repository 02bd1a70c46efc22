import { createHash } from 'node:crypto';
import { streamFile } from './file-content.ts';
import type { FoundFile } from './file-tree.ts';

/** How the tag of a file is made: of its size and time, of its bytes, or not at all. */
export type EtagPolicy = 'weak' | 'strong' | 'none';

const MAX_HASHES = 10_000;

/** Makes the tags of files. Strong ones are kept until the file changes: its bytes are read once. */
export class FileTags {
  readonly #policy: EtagPolicy;
  readonly #hashes = new Map<string, { readonly stamp: string; readonly tag: Promise<string> }>();

  constructor(policy: EtagPolicy) {
    this.#policy = policy;
  }

  tagOf(file: FoundFile): string | undefined | Promise<string> {
    switch (this.#policy) {
      case 'none':
        return undefined;
      case 'weak':
        return `W/"${file.size.toString(16)}-${(file.mtimeNs / 1000n).toString(16)}"`;
      case 'strong':
        return this.#hashed(file);
    }
  }

  #hashed(file: FoundFile): Promise<string> {
    const stamp = [file.device, file.inode, file.size, file.mtimeNs, file.ctimeNs].join(' ');
    const known = this.#hashes.get(file.path);
    this.#hashes.delete(file.path);
    const entry = known?.stamp === stamp ? known : { stamp, tag: hash(file) };
    // The one used last is at the end.
    this.#hashes.set(file.path, entry);
    for (const oldest of this.#hashes.keys()) {
      if (this.#hashes.size <= MAX_HASHES) break;
      this.#hashes.delete(oldest);
    }
    entry.tag.catch(() => {
      if (this.#hashes.get(file.path) === entry) this.#hashes.delete(file.path);
    });
    return entry.tag;
  }
}

async function hash(file: FoundFile): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of streamFile(file, { start: 0, end: file.size - 1 }))
    digest.update(chunk);
  return `"${digest.digest('base64url').slice(0, 27)}"`;
}
