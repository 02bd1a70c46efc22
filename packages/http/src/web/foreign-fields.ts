import type { FieldLines } from '../contract/field-lines.ts';
import { toFieldLines } from './http-headers.ts';

/** What `fetch` of node undoes, some of them in later versions only; it leaves alone what has any other. */
const CODINGS: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);
/** What speaks of the bytes as they were on their way here. */
const OF_CODED: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-digest',
  'content-md5',
]);

/**
 * The fields of a response of somebody else, such as of another server. One that `fetch` or our client has decoded still
 * has the fields that it came with (Fetch standard, "HTTP-network fetch"): those that speak of the coded content are
 * left out, as nobody could read it otherwise. So is what that server said of its connection.
 */
export function foreignFields(response: Response): FieldLines {
  const lines = toFieldLines(response.headers);
  const { url } = response;
  // One that was made by hand came from nowhere, and is what it says.
  if (typeof url !== 'string' || url === '') return lines;
  const decoded = isDecoded(response);
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    if (name === 'connection' || (decoded && OF_CODED.has(name))) continue;
    kept.push(name, lines[at + 1] as string);
  }
  return kept;
}

function isDecoded(response: Response & { readonly decoded?: unknown }): boolean {
  if (typeof response.decoded === 'boolean') return response.decoded;
  const codings = response.headers.get('content-encoding')?.toLowerCase().split(',');
  return codings?.every((coding) => CODINGS.has(coding.trim())) ?? false;
}
