import { expect, test } from 'vitest';
import { silence } from '../../src/contract/answer.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { formatMetrics } from '../../src/server/format-metrics.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { build, opt, query } from '../build.ts';
import { responderFor } from './responder-for.ts';

const zone = newZone(Name.parse('example.net'));

function busy() {
  const server = responderFor([
    (asked, next) => (asked.type === Type.NULL ? silence : next(asked)),
    zone,
  ]);
  for (let turn = 0; turn < 4; turn++) server.answer(query('example.net', Type.SOA));
  server.answer(query('example.net', Type.SOA, { additionals: [opt()] }), 'tcp');
  server.answer(query('nobody.example.net'), 'tls');
  server.answer(query('example.net', Type.NULL), 'https');
  server.answer(query('example.net', 1, { additionals: [opt({ version: 9 })] }));
  server.answer(build({ flags: 0x2800, questions: [{ name: 'example.net', type: Type.SOA }] }));
  server.answer(Buffer.alloc(5));
  server.answer(query('example.net', 1, { flags: 0x8000 }));
  return server.responder.counters;
}

test('what was asked and replied is counted', () => {
  const counts = busy().snapshot();
  expect(counts).toMatchObject({
    queries: { udp: 6, tcp: 1, tls: 1, https: 1 },
    opcodes: { 0: 8, 5: 1 },
    rcodes: { 0: 5, 3: 1, 5: 1, 16: 1 },
    ignored: 2,
    silent: 1,
    overloaded: 0,
    truncated: 0,
  });
  expect(counts.kept).toBeGreaterThan(0);
  const sizes = counts.replySizes.reduce((sum, { count }) => sum + count, 0);
  expect(sizes).toBe(8);
  expect(counts.replySizes.map(({ upTo }) => upTo)).toEqual([
    64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536,
  ]);
});

test('a snapshot stays as it is, and is plain data', () => {
  const counters = busy();
  const counts = counters.snapshot();
  const copy = structuredClone(counts);
  counters.asked('udp', query('example.net'));
  expect(counts).toEqual(copy);
  expect(counters.snapshot()).not.toEqual(copy);
});

test('a reply of 64 octets and one of 65 are in different steps', () => {
  const { counters } = responderFor(zone).responder;
  for (const length of [12, 64, 65, 128, 65_535]) counters.replied(Buffer.alloc(length), 0);
  const found = counters.snapshot().replySizes.filter(({ count }) => count > 0);
  expect(found).toEqual([
    { upTo: 64, count: 2 },
    { upTo: 128, count: 2 },
    { upTo: 65_536, count: 1 },
  ]);
});

test('Prometheus can read it', () => {
  const text = formatMetrics(busy(), { labels: { server: 'a "b" \\ c' } });
  const labels = 'server="a \\"b\\" \\\\ c"';
  expect(text).toContain(`hawser_dns_queries_total{${labels},transport="udp"} 6\n`);
  expect(text).toContain(`hawser_dns_replies_total{${labels},rcode="NXDOMAIN"} 1\n`);
  expect(text).toContain(`hawser_dns_reply_bytes_bucket{${labels},le="+Inf"} 8\n`);
  expect(text).toContain(`hawser_dns_reply_bytes_count{${labels}} 8\n`);
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) hawser_dns_\w+ .+|hawser_dns_\w+\{.+\} \d+)$/);
  }
  const families = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  expect(new Set(families).size).toBe(families.length);
  expect(formatMetrics(busy().snapshot())).toContain('\nhawser_dns_ignored_total 2\n');
});

test.each(['my-label', '1st', '', '__name__', 'a b', 'rcode', 'le', 'zone', 'state', 'kind'])(
  'a label called "%s" is a mistake',
  (name) => {
    expect(() => formatMetrics(busy(), { labels: { [name]: 'x' } })).toThrow('no name for one');
  },
);

test('whatever the value of a label is, it stays in its quotes', () => {
  const text = formatMetrics(busy(), { labels: { site: 'a"} 1\n# EOF\\' } });
  expect(text).toContain('{site="a\\"} 1\\n# EOF\\\\",transport="udp"} 6\n');
});
