/** What a rule for `cache-control` may go by. */
export interface ServedFile {
  /** Below the root, decoded, with `/` between names and in front. */
  readonly path: string;
  readonly contentType: string;
  readonly size: number;
}

/** A value for `cache-control`, the same for all or by file; `undefined` leaves the field out. */
export type CacheControl = string | ((file: ServedFile) => string | undefined);

const HASHED = 'public, max-age=31536000, immutable';

/** Gives the `cache-control` of a file: a year for names with a hash of their content, and else as told. */
export function cacheControlOf(
  file: ServedFile,
  { cacheControl, immutable }: { cacheControl: CacheControl; immutable: RegExp | undefined },
): string | undefined {
  if (immutable && file.path.search(immutable) >= 0) return HASHED;
  return typeof cacheControl === 'string' ? cacheControl : cacheControl(file);
}
