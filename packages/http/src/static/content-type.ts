import { contentType } from 'mime-types';

/** Where nothing better is known: a browser shows none of it and guesses nothing. */
const UNKNOWN = 'application/octet-stream';

/** The media type of a file by the end of its name, with `charset=utf-8` for text. `known` goes first, by `'.ending'`. */
export function contentTypeOf(name: string, known: Readonly<Record<string, string>> = {}): string {
  // The library takes a bare word for a type or an ending.
  const dot = name.lastIndexOf('.');
  if (dot < 0) return UNKNOWN;
  const ending = name.slice(dot).toLowerCase();
  return (Object.hasOwn(known, ending) && known[ending]) || contentType(ending) || UNKNOWN;
}
