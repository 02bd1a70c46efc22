/** How good a coding is for the peer, by `Accept-Encoding` (RFC 9110 §12.5.3): 0 is not acceptable, 1 is best. */
interface Acceptable {
  /** 0 for what is neither listed nor covered by `*`; `identity` unlisted is acceptable and worst. */
  of(coding: string): number;
}

/** Below every quality that can be written (three decimals): for `identity` where nobody speaks of it. */
const LEAST = 0.0001;

/** Reads an `Accept-Encoding` field; without one, old peers included, only `identity` is sure to be understood. */
function parseAcceptEncoding(field: string | null): Acceptable {
  const listed = new Map<string, number>();
  for (const part of field === null ? [] : field.split(',')) {
    const [name = '', ...parameters] = part.split(';');
    const coding = name.trim().toLowerCase();
    if (coding === '') continue;
    listed.set(coding === 'x-gzip' ? 'gzip' : coding, quality(parameters));
  }
  const any = listed.get('*');
  return {
    of(coding) {
      const own = listed.get(coding);
      if (own !== undefined) return own;
      if (coding === 'identity') return any === 0 ? 0 : LEAST;
      return any ?? 0;
    },
  };
}

/**
 * Those of `codings` and `'identity'` that the peer accepts, the best first: by quality, and among equals in the order
 * given. Without the field that is `'identity'` alone. Empty if nothing is acceptable.
 */
export function rankEncodings<C extends string>(
  field: string | null,
  codings: readonly C[],
): readonly (C | 'identity')[] {
  if (field === null) return ['identity'];
  const acceptable = parseAcceptEncoding(field);
  return [...codings, 'identity' as const]
    .map((coding) => ({ coding, quality: acceptable.of(coding) }))
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ coding }) => coding);
}

/** A quality that is out of order counts as 0: what cannot be understood is not what the peer asked for. */
function quality(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const text = parameter.trim();
    if (!/^q=/i.test(text)) continue;
    const value = text.slice(2);
    return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 0;
  }
  return 1;
}
