import { readFileSync } from 'node:fs';

const MIN_RESERVE = 64;
const RESERVE_SHARE = 0.05;

/**
 * How many files and sockets this process may have open (the soft RLIMIT_NOFILE, which node raises to the hard one when
 * it starts); `Infinity` where the system has no such limit.
 */
export function descriptorLimit(): number {
  return readLimits() ?? askReport() ?? Number.POSITIVE_INFINITY;
}

/**
 * How many of `limit` descriptors connections may use. The rest, 64 or a twentieth but never more than half, is for
 * files, name lookups, children and what node itself needs.
 */
export function connectionsWithin(limit: number): number {
  if (!Number.isFinite(limit)) return limit;
  const reserve = Math.max(MIN_RESERVE, Math.ceil(limit * RESERVE_SHARE));
  return limit - Math.min(reserve, Math.floor(limit / 2));
}

function readLimits(): number | undefined {
  try {
    return parseLimits(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return undefined;
  }
}

/** The soft limit of open files in the text of `/proc/self/limits` (proc(5)). */
export function parseLimits(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(text)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Where there is no /proc. A report takes tens of milliseconds. */
function askReport(): number | undefined {
  const report = process.report?.getReport() as
    | { readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } } }
    | undefined;
  const soft = report?.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : undefined;
}
