import type { FieldLines } from '../contract/field-lines.ts';

/** What a server says about how long it keeps a connection. */
export interface KeepAliveHint {
  /** How long we may rely on it, in milliseconds: less than it says, as a request takes a while to get there. */
  readonly timeoutMs?: number;
  /** Requests that it still takes. */
  readonly max?: number;
}

/** How much earlier than the server we give an idle connection up. */
const MARGIN_MS = 1_000;

/** Reads a `Keep-Alive` field, `timeout=5, max=100`. What is not understood says nothing. */
export function keepAliveHint(fields: FieldLines): KeepAliveHint {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === 'keep-alive');
  if (at < 0) return {};
  const value = fields[at + 1] ?? '';
  const timeout = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value)?.[1];
  const max = /(?:^|[,;\s])max\s*=\s*"?(\d{1,6})/i.exec(value)?.[1];
  return {
    ...(timeout === undefined ? {} : { timeoutMs: reliable(Number(timeout) * 1_000) }),
    ...(max === undefined ? {} : { max: Number(max) }),
  };
}

function reliable(ms: number): number {
  return ms > 2 * MARGIN_MS ? ms - MARGIN_MS : ms / 2;
}
