import type { FileForm } from './file-answer.ts';
import type { FoundFile } from './file-tree.ts';

/** Options for a cache of small files. */
export interface FileCacheOptions {
  /** Of all files together, in octets; the one not asked for for longest goes first. @defaultValue 16_777_216 */
  readonly maxBytes?: number | undefined;
  /** Longer files are never kept, in octets. @defaultValue 65_536 */
  readonly maxFileBytes?: number | undefined;
  /** For so long a file is not looked at again: a change shows that much later, in milliseconds. @defaultValue 1_000 */
  readonly freshMs?: number | undefined;
}

/** A small file with everything that is said of it. */
export interface CachedFile {
  readonly file: FoundFile;
  readonly form: Omit<FileForm, 'now' | 'bytes'>;
  readonly bytes: Buffer;
}

interface Entry extends CachedFile {
  readonly checkedAt: number;
}

/** What the fields and the names of one file take, roughly. */
const ENTRY_BYTES = 1024;

/**
 * Small files in memory, up to a number of octets. Measured: to find, open, read and close a small file costs more than
 * ten times what the rest of its answer costs, and that is saved for as long as an entry is fresh; after that a look at
 * the file tells whether its bytes still hold.
 */
export class FileCache {
  readonly #maxBytes: number;
  readonly #maxFileBytes: number;
  readonly #freshMs: number;
  /** The one used last is at the end. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @throws RangeError if a number is below 0 */
  constructor(options: FileCacheOptions) {
    const { maxBytes = 16_777_216, maxFileBytes = 65_536, freshMs = 1000 } = options;
    for (const [name, value] of Object.entries({ maxBytes, maxFileBytes, freshMs })) {
      if (!(value >= 0)) {
        throw new RangeError(`Cannot keep files in memory as ${name} must be >= 0: ${value}`);
      }
    }
    this.#maxBytes = maxBytes;
    this.#maxFileBytes = maxFileBytes;
    this.#freshMs = freshMs;
  }

  /** Octets it holds now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a file of that size may be kept. */
  takes(size: number): boolean {
    return size <= this.#maxFileBytes && size + ENTRY_BYTES <= this.#maxBytes;
  }

  /** What can be sent without a look at the file. */
  fresh(key: string, nowMs: number): CachedFile | undefined {
    const entry = this.#entries.get(key);
    if (!entry || nowMs - entry.checkedAt >= this.#freshMs) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** The bytes of `file`, if they are those of the entry still. */
  bytesOf(key: string, file: FoundFile): Buffer | undefined {
    const entry = this.#entries.get(key);
    return entry && isSame(entry.file, file) ? entry.bytes : undefined;
  }

  put(key: string, cached: CachedFile, nowMs: number): void {
    this.#remove(key);
    this.#entries.set(key, { ...cached, checkedAt: nowMs });
    this.#bytes += cached.bytes.length + ENTRY_BYTES;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes.length + ENTRY_BYTES;
  }
}

function isSame(one: FoundFile, other: FoundFile): boolean {
  return (
    one.inode === other.inode &&
    one.device === other.device &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs
  );
}
