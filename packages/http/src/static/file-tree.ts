import type { BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/**
 * What to do with symbolic links below a root: `'inside'` follows those that end within it, `'follow'` all of them,
 * `'refuse'` none. A link to its own name in another case is never followed: it looks like a file system without case.
 */
export type SymlinkPolicy = 'inside' | 'follow' | 'refuse';

/** A file or directory, and enough about it to know it again. */
export interface FoundFile {
  /** Without symbolic links. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'special';
  readonly size: number;
  readonly mtimeMs: number;
  /** Nanoseconds. */
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Finds files below a directory, and none outside of it. The root may be a link that is changed later. */
export class FileTree {
  readonly #root: string;
  readonly #symlinks: SymlinkPolicy;
  #realRoot: string | undefined;

  constructor(root: string, symlinks: SymlinkPolicy) {
    this.#root = root;
    this.#symlinks = symlinks;
  }

  /**
   * What has these names, one below the other; `undefined` if nothing has, or it is refused. Names must be safe, as
   * `readRequestPath` gives them. Between this and the opening somebody may still change the tree: who may write below
   * the root is trusted, and the reader compares what it opens.
   *
   * @throws the error of the system for everything but an absent file
   */
  async find(segments: readonly string[]): Promise<FoundFile | undefined> {
    try {
      const real = await realpath(join(this.#root, ...segments));
      if (!(await this.#admits(real, segments))) return undefined;
      return toFoundFile(real, await stat(real, { bigint: true }));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async #admits(real: string, segments: readonly string[]): Promise<boolean> {
    if (this.#realRoot !== undefined && this.#allows(real, this.#realRoot, segments)) return true;
    this.#realRoot = await realpath(this.#root);
    return this.#allows(real, this.#realRoot, segments);
  }

  #allows(real: string, root: string, segments: readonly string[]): boolean {
    const expected = join(root, ...segments);
    if (real === expected) return true;
    // A file system that knows no case has one file under many names; only one of them is right, so that what is
    // decided by path cannot be evaded. Some also spell accents in their own way.
    if (fold(real) === fold(expected)) return real.normalize() === expected.normalize();
    if (this.#symlinks === 'follow') return true;
    return this.#symlinks === 'inside' && isWithin(real, root);
  }
}

/** What `stats` say of `path`. */
export function toFoundFile(path: string, stats: BigIntStats): FoundFile {
  return {
    path,
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'special',
    size: Number(stats.size),
    mtimeMs: Number(stats.mtimeMs),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    device: stats.dev,
    inode: stats.ino,
  };
}

/** Whether an error of the system says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EILSEQ', 'EINVAL'].includes(
    systemCode(error),
  );
}

/** The code of an error of the system, such as `'EACCES'`, or nothing. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isWithin(real: string, root: string): boolean {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
}

function fold(path: string): string {
  return path.normalize().toLowerCase();
}
