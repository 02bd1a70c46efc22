import { METHODS } from 'node:http';
import type { Reading, ReadRequest } from './read-request.ts';

/**
 * What two readings of the same octets come to: `same`; `both refuse`; `we refuse: <code>` or `node refuses: <code>` where
 * one refuses what the other takes; another reason why one stops before the other; or `disagree: <what>`, which must not
 * be.
 */
export function compareReadings(ours: Reading, node: Reading): string {
  const common = Math.min(ours.requests.length, node.requests.length);
  for (let at = 0; at < common; at++) {
    const [our, their] = [ours.requests[at], node.requests[at]];
    if (our === undefined || their === undefined) break;
    const difference = compareRequests(our, their);
    if (difference !== undefined) return difference;
    if (our.complete && !their.complete) return refusalOf('node', node) ?? 'disagree: the end';
    if (their.complete && !our.complete) return refusalOf('we', ours) ?? 'disagree: the end';
  }
  return compareEnds(ours, node, common);
}

function compareEnds(ours: Reading, node: Reading, common: number): string {
  if (ours.requests.length > common) {
    const unknown = !METHODS.includes(ours.requests[common]?.method ?? '');
    if (node.refusal === 'HPE_INVALID_METHOD' && unknown) return 'node does not know the method';
    return refusalOf('node', node) ?? 'disagree: more requests here';
  }
  if (ours.closed && ours.refusal === undefined) {
    if (node.refusal === 'HPE_CLOSED_CONNECTION') return 'both stop at a close';
    if (node.refusal !== undefined || node.requests.length > common) return 'we stop at a close';
  }
  if (node.requests.length > common) {
    return refusalOf('we', ours) ?? 'disagree: more requests there';
  }
  if (ours.refusal !== undefined && node.refusal !== undefined) return 'both refuse';
  const refusal = refusalOf('we', ours) ?? refusalOf('node', node);
  return refusal ?? (ours.rest === node.rest ? 'same' : 'disagree: the rest');
}

function refusalOf(who: 'we' | 'node', { refusal }: Reading): string | undefined {
  if (refusal === undefined) return undefined;
  return who === 'we' ? `we refuse: ${refusal}` : `node refuses: ${refusal}`;
}

function compareRequests(our: ReadRequest, their: ReadRequest): string | undefined {
  if (our.method !== their.method) return 'disagree: method';
  if (our.version !== their.version) return 'disagree: version';
  if (!isTarget(their.target, our)) return 'disagree: target';
  if (!isSame(our.fields, their.fields)) return 'disagree: fields';
  if (their.takenOver !== our.takenOver) return compareUpgrades(our, their);
  if (our.takenOver && (our.body !== '' || !our.complete || isChunked(our))) {
    return 'node upgrades before the body';
  }
  if (!our.takenOver && our.keepAlive !== their.keepAlive) return compareKeepAlive(our, their);
  // As far as either has come.
  if (!our.body.startsWith(their.body) && !their.body.startsWith(our.body)) return 'disagree: body';
  if (!our.complete || !their.complete) return undefined;
  if (our.body !== their.body) return 'disagree: body';
  return isSame(our.trailers, their.trailers) ? undefined : 'disagree: trailers';
}

function compareKeepAlive(our: ReadRequest, their: ReadRequest): string {
  const stays = their.version === '1.0' && our.keepAlive === false;
  return stays ? 'we stop at a close' : 'disagree: whether it stays open';
}

function isChunked({ fields }: ReadRequest): boolean {
  return fields.some((name, at) => at % 2 === 0 && name === 'transfer-encoding');
}

function compareUpgrades(our: ReadRequest, their: ReadRequest): string {
  if (our.takenOver) return 'disagree: upgrade here';
  return their.version === '1.0' ? 'node upgrades HTTP/1.0' : 'disagree: upgrade there';
}

/** Whether `raw`, as it came, is what we made of it. */
function isTarget(raw: string, { method, target, authority }: ReadRequest): boolean {
  if (raw === target) return raw.startsWith('/') || raw === '*' || method === 'CONNECT';
  const parts = /^https?:\/\/([^/?]*)(.*)$/i.exec(raw);
  if (parts === null || parts[1] !== authority) return false;
  const path = parts[2] ?? '';
  if (path === '') return target === (method === 'OPTIONS' ? '*' : '/');
  return target === (path.startsWith('/') ? path : `/${path}`);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
