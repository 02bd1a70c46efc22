/** Octets `start` to `end` of a content, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Options for {@link parseRanges}. */
export interface RangeLimits {
  /** More ranges in one request are answered with the whole. @defaultValue 16 */
  readonly maxRanges?: number | undefined;
}

/** A gap smaller than the head of a part costs less when it is sent along. */
const PART_HEAD_BYTES = 80;

/**
 * What of a content of `size` octets a `Range` field asks for (RFC 9110 §14.1.2): the ranges, in the order asked for;
 * `'unsatisfiable'` if none of them is there (416); `undefined` if the whole is to be sent, as the field is not in order,
 * has another unit, or asks for more ranges than allowed.
 *
 * Ranges that overlap or nearly touch are joined, and are in ascending order then: no request gets more than the content.
 */
export function parseRanges(
  field: string,
  size: number,
  { maxRanges = 16 }: RangeLimits = {},
): readonly ByteRange[] | 'unsatisfiable' | undefined {
  if (!/^bytes=/i.test(field)) return undefined;
  const parts = field.slice('bytes='.length).split(',');
  // A list may have empty elements (RFC 9110 §5.6.1.2), but not any number of them.
  if (parts.length > 4 * maxRanges) return undefined;
  const found: ByteRange[] = [];
  let missing = 0;
  for (const part of parts) {
    const text = part.trim();
    if (text === '') continue;
    const range = parseRange(text, size);
    if (range === undefined) return undefined;
    if (range === 'none') missing++;
    else found.push(range);
    if (found.length > maxRanges) return undefined;
  }
  if (found.length > 0) return join(found);
  return missing > 0 ? 'unsatisfiable' : undefined;
}

/** One `first-last`, `first-` or `-suffix`; `'none'` where the content has none of it, `undefined` for no range at all. */
function parseRange(text: string, size: number): ByteRange | 'none' | undefined {
  const parts = /^(\d*)-(\d*)$/.exec(text);
  if (!parts) return undefined;
  const [, first = '', last = ''] = parts;
  if (first === '') {
    if (last === '') return undefined;
    const length = toCount(last);
    if (length === 0) return 'none';
    // The end of nothing is satisfiable, and has no `Content-Range`: it gets the whole, which is nothing.
    if (size === 0) return undefined;
    return { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = toCount(first);
  const end = last === '' ? Number.MAX_SAFE_INTEGER : toCount(last);
  if (start > end) return undefined;
  return start >= size ? 'none' : { start, end: Math.min(end, size - 1) };
}

/** Numbers beyond what can be counted exactly are beyond every content as well. */
function toCount(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

function join(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges;
  const sorted = ranges.toSorted((one, other) => one.start - other.start);
  const joined: ByteRange[] = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before && range.start <= before.end + PART_HEAD_BYTES) {
      joined[joined.length - 1] = { start: before.start, end: Math.max(before.end, range.end) };
    } else {
      joined.push(range);
    }
  }
  return joined.length === ranges.length ? ranges : joined;
}
