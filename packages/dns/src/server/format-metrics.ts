import { usageError } from '../errors.ts';
import { formatRcode } from '../numbers.ts';
import type { CountersSnapshot, ResponderCounters } from './counters.ts';

const OWN_LABELS = new Set(['transport', 'opcode', 'rcode', 'le']);

/**
 * The counts as text that Prometheus reads (text format 0.0.4, `text/plain; version=0.0.4`). Names begin with `hawser_dns_`.
 * `labels` are added to every line, such as `{ server: 'ns1' }`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a label that has no such name as labels have, or one of ours
 */
export function formatMetrics(
  counters: ResponderCounters | CountersSnapshot,
  labels: Readonly<Record<string, string>> = {},
): string {
  for (const name of Object.keys(labels)) checkLabel(name);
  const counts = 'snapshot' in counters ? counters.snapshot() : counters;
  const text = new MetricsText(labels);
  text.family('queries_total', 'counter', 'Messages that asked something.');
  for (const [transport, count] of Object.entries(counts.queries)) {
    text.line('queries_total', count, { transport });
  }
  text.family('opcodes_total', 'counter', 'Messages that asked something, by opcode.');
  for (const [opcode, count] of Object.entries(counts.opcodes)) {
    text.line('opcodes_total', count, { opcode });
  }
  text.family('replies_total', 'counter', 'Replies, by response code.');
  for (const [rcode, count] of Object.entries(counts.rcodes)) {
    text.line('replies_total', count, { rcode: formatRcode(Number(rcode)) });
  }
  for (const [name, help, count] of plainCounts(counts)) {
    text.family(name, 'counter', help);
    text.line(name, count);
  }
  writeSizes(text, counts);
  return text.toString();
}

/** One wrong name, and nothing of the whole text would be read. */
function checkLabel(name: string): void {
  if (/^(?!__)[a-z_][a-z\d_]*$/i.test(name) && !OWN_LABELS.has(name)) return;
  throw usageError(
    'HAWSER_DNS_OPTIONS',
    `Cannot add a label to metrics as "${name}" is no name for one`,
  );
}

function plainCounts(counts: CountersSnapshot): readonly (readonly [string, string, number])[] {
  const { rateLimited, signatures, cookies } = counts;
  return [
    ['ignored_total', 'Messages that deserved no reply.', counts.ignored],
    ['silent_total', 'Queries that a handler answered with silence.', counts.silent],
    ['overloaded_total', 'Queries dropped as too many were being answered.', counts.overloaded],
    ['kept_replies_total', 'Replies that were there already.', counts.kept],
    ['truncated_total', 'Replies with TC.', counts.truncated],
    ['streams_total', 'Replies of many messages.', counts.streams],
    ['rate_dropped_total', 'Replies that the rate limit held back.', rateLimited.dropped],
    ['rate_slipped_total', 'Replies that the rate limit emptied.', rateLimited.slipped],
    ['signatures_verified_total', 'Requests with a good signature.', signatures.verified],
    ['signatures_failed_total', 'Requests with a bad signature.', signatures.failed],
    ['cookies_verified_total', 'Queries with a cookie of ours.', cookies.verified],
    ['cookies_failed_total', 'Queries with a cookie that is not good.', cookies.failed],
    ['request_bytes_total', 'Octets of messages that asked something.', counts.requestBytes],
  ];
}

function writeSizes(text: MetricsText, { replySizes, replyBytes }: CountersSnapshot): void {
  text.family('reply_bytes', 'histogram', 'Octets of replies.');
  let total = 0;
  for (const { upTo, count } of replySizes) {
    total += count;
    text.line('reply_bytes_bucket', total, { le: String(upTo) });
  }
  text.line('reply_bytes_bucket', total, { le: '+Inf' });
  text.line('reply_bytes_sum', replyBytes);
  text.line('reply_bytes_count', total);
}

class MetricsText {
  readonly #common: Readonly<Record<string, string>>;
  readonly #lines: string[] = [];

  constructor(common: Readonly<Record<string, string>>) {
    this.#common = common;
  }

  family(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP hawser_dns_${name} ${help}`, `# TYPE hawser_dns_${name} ${type}`);
  }

  line(name: string, value: number, own: Readonly<Record<string, string>> = {}): void {
    const pairs = Object.entries({ ...this.#common, ...own });
    const labels = pairs.map(([key, text]) => `${key}="${escapeLabel(text)}"`).join(',');
    this.#lines.push(`hawser_dns_${name}${labels === '' ? '' : `{${labels}}`} ${value}`);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
