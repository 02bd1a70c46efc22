import { formatRcode } from '../numbers.ts';
import type { CountersSnapshot, ResponderCounters } from './counters.ts';
import { MetricsText } from './metrics-text.ts';
import { writeZoneMetrics, type ZoneMetricsSources } from './zone-metrics.ts';

/** Options for {@link formatMetrics}. */
export interface MetricsOptions extends ZoneMetricsSources {
  /** On every line, such as `{ server: 'ns1' }`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/**
 * The counts as text that Prometheus reads (text format 0.0.4, `text/plain; version=0.0.4`). Names begin with `hawser_dns_`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a label that has no such name as labels have, or one of ours
 *
 * @example
 * formatMetrics(service.responder.counters, { zones: [zone], transfers: copies, labels: { server: 'ns1' } });
 */
export function formatMetrics(
  counters: ResponderCounters | CountersSnapshot,
  options: MetricsOptions = {},
): string {
  const text = new MetricsText(options.labels ?? {});
  const counts = 'snapshot' in counters ? counters.snapshot() : counters;
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
  for (const [name, help, count] of plainCounts(counts)) text.counter(name, help, count);
  writeSizes(text, counts);
  writeZoneMetrics(text, options);
  return text.toString();
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
