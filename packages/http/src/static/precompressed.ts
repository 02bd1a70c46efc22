import { rankEncodings } from '../delivery/accept-encoding.ts';
import type { FileTree, FoundFile } from './file-tree.ts';

/** A content coding in which files may be kept beside the plain ones. */
export type StoredCoding = 'br' | 'zstd' | 'gzip';

const ENDINGS: Readonly<Record<StoredCoding, string>> = { br: '.br', zstd: '.zst', gzip: '.gz' };

/** What there is, and what the peer takes. */
export interface VariantSearch {
  readonly plain: FoundFile;
  readonly segments: readonly string[];
  /** The `Accept-Encoding` field. */
  readonly accepted: string | null;
  readonly codings: readonly StoredCoding[];
}

/** The form of a file that suits the peer best, of those that are there; the plain one if none does. */
export async function findVariant(
  tree: FileTree,
  { plain, segments, accepted, codings }: VariantSearch,
): Promise<{ readonly file: FoundFile; readonly coding?: StoredCoding | undefined }> {
  for (const coding of codings.length === 0 ? [] : rankEncodings(accepted, codings)) {
    if (coding === 'identity') break;
    const name = `${segments.at(-1)}${ENDINGS[coding]}`;
    const file = await tree.find([...segments.slice(0, -1), name]);
    if (file?.kind === 'file') return { file, coding };
  }
  return { file: plain };
}
