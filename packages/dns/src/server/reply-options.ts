// The EDNS options that depend on who asks, and not on what.
import { EdnsOption, type EdnsOptionData, optionIn } from '../message/edns.ts';
import type { ReceivedQuery } from './query.ts';

/** RFC 8467 §4.1. */
const PADDING_BLOCK_BYTES = 468;

/** What goes into the OPT record of a reply besides what the answer says. */
export interface ReplyOptions {
  readonly options: readonly EdnsOptionData[];
  /** Pad to a multiple of this. */
  readonly padToBytes: number | undefined;
}

/**
 * What a client that asked with `query` wants to know of the server. Undefined for nearly all, who want nothing.
 * `cookie` is the value of the option for it.
 */
export function replyOptions(
  query: ReceivedQuery,
  server: { readonly nsid: Buffer | undefined; readonly cookie: Buffer | undefined },
): ReplyOptions | undefined {
  const edns = query.optionBearing ? query.edns : undefined;
  if (edns === undefined) return undefined;
  const options: EdnsOptionData[] = [];
  const asked = (code: number): boolean => edns.options.some((each) => each.code === code);
  if (server.cookie !== undefined) options.push({ code: EdnsOption.Cookie, data: server.cookie });
  if (server.nsid !== undefined && asked(EdnsOption.Nsid)) {
    options.push({ code: EdnsOption.Nsid, data: server.nsid });
  }
  const { transport, keepaliveMs } = query.context;
  const overStream = transport === 'tcp' || transport === 'tls';
  if (overStream && keepaliveMs !== undefined && asked(EdnsOption.Keepalive)) {
    options.push({ code: EdnsOption.Keepalive, data: keepaliveData(keepaliveMs) });
  }
  // Padding tells nothing where anybody can read the message.
  const encrypted = transport === 'tls' || transport === 'https';
  const padToBytes = encrypted && asked(EdnsOption.Padding) ? PADDING_BLOCK_BYTES : undefined;
  return options.length === 0 && padToBytes === undefined ? undefined : { options, padToBytes };
}

/** The cookie a query came with. */
export function cookieOf(query: ReceivedQuery): Buffer | undefined {
  return query.optionBearing ? optionIn(query.bytes, query.edns, EdnsOption.Cookie) : undefined;
}

/** In steps of 100 ms (RFC 7828 §3.1). */
function keepaliveData(ms: number): Buffer {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(Math.min(0xffff, Math.floor(ms / 100)));
  return data;
}
