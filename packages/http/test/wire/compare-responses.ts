import type { ReadResponse, ResponseReading } from './read-response.ts';

/**
 * What two readings of the same octets come to: `same`; `both refuse`; `we refuse: <code>` or `node refuses: <code>` where
 * one refuses what the other takes; or `disagree: <what>`, which must not be.
 */
export function compareResponses(ours: ResponseReading, node: ResponseReading): string {
  const [our, their] = [ours.response, node.response];
  if (our !== undefined && their !== undefined) {
    const difference = compare(our, their);
    if (difference !== undefined) return `disagree: ${difference}`;
    if (our.complete && !their.complete) return refusalOf('node', node) ?? 'disagree: the end';
    if (their.complete && !our.complete) return refusalOf('we', ours) ?? 'disagree: the end';
  }
  if (our !== undefined && their === undefined)
    return refusalOf('node', node) ?? 'disagree: one here';
  if (their !== undefined && our === undefined)
    return refusalOf('we', ours) ?? 'disagree: one there';
  // What follows a complete response is not looked at by node.
  if (our?.complete === true) return ours.rest === node.rest ? 'same' : 'disagree: the rest';
  if (ours.refusal !== undefined && node.refusal !== undefined) return 'both refuse';
  return refusalOf('we', ours) ?? refusalOf('node', node) ?? 'same';
}

function refusalOf(who: 'we' | 'node', { refusal }: ResponseReading): string | undefined {
  if (refusal === undefined) return undefined;
  return who === 'we' ? `we refuse: ${refusal}` : `node refuses: ${refusal}`;
}

function compare(our: ReadResponse, their: ReadResponse): string | undefined {
  if (our.status !== their.status) return 'status';
  if (our.version !== their.version) return 'version';
  if (!isSame(our.fields, their.fields)) return 'fields';
  // As far as either has come.
  if (!our.body.startsWith(their.body) && !their.body.startsWith(our.body)) return 'body';
  if (!our.complete || !their.complete) return undefined;
  if (our.body !== their.body) return 'body';
  return isSame(our.trailers, their.trailers) ? undefined : 'trailers';
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
