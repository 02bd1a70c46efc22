// What does one packet cost? The budget is 1 ms of CPU for any datagram; an ordinary one should cost a few microseconds.
import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import { bench, describe } from 'vitest';
import { answerOnce, answerZone } from '../src/handlers/answer-zone.ts';
import { Name } from '../src/name.ts';
import { Type } from '../src/numbers.ts';
import { Responder } from '../src/server/responder.ts';
import { newZone } from '../src/zone/new-zone.ts';
import { createRRset } from '../src/zone/rrset.ts';
import { Zone } from '../src/zone/zone.ts';
import { build, opt, query } from '../test/build.ts';

const origin = Name.parse('example.net');
const hosts = Array.from({ length: 1000 }, (_, index) => `h${index}.example.net`);
const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  ...hosts.map((host) => createRRset(Name.parse(host), Type.A, { ttl: 60, values: ['192.0.2.1'] })),
  createRRset(Name.parse('many.example.net'), Type.MX, {
    ttl: 60,
    values: hosts.map((host) => `10 ${host}`),
  }),
]);
/** Answers without and with kept replies. */
const [miss, hit] = [answerOnce, answerZone].map((answer) => {
  const responder = new Responder({ origin, handle: (asked) => answer(zone, asked) });
  void responder.start(createTestReactor());
  return responder;
});
const client = { kind: 'udp', host: '192.0.2.99', port: 4000, family: 4 } as const;
const additionals = [opt()];
const known = hosts.map((host) => query(host, 1, { additionals }));
let turn = 0;

function ask(responder: Responder | undefined, packets: readonly Buffer[]): () => void {
  return () =>
    void responder?.respond(packets[turn++ % packets.length] ?? known[0] ?? Buffer.alloc(0), {
      transport: 'udp',
      client,
    });
}

describe('an ordinary query', () => {
  bench('kept reply', ask(hit, known));
  bench('new reply', ask(miss, known));
  bench('NXDOMAIN', ask(miss, [query('nobody.example.net', 1, { additionals })]));
});

const labels = Buffer.from([...Array.from({ length: 127 }, () => [1, 97]).flat(), 0]);
const random = new SeededRandom(1);
const mutated = Array.from({ length: 100_000 }, (_, index) => {
  const packet = Buffer.from(known[index % known.length] ?? Buffer.alloc(0));
  for (let left = 0; left < 3; left++)
    packet[Math.floor(random.float() * packet.length)] = Math.floor(random.float() * 256);
  return packet;
});

describe('the worst datagrams', () => {
  bench(
    '1000 MX that do not fit',
    ask(miss, [query('many.example.net', Type.MX, { additionals })]),
  );
  bench(
    '370 records',
    ask(miss, [
      build({
        questions: [{}],
        answers: Array.from({ length: 365 }, () => ({ name: '.', type: 99 })),
      }),
    ]),
  );
  bench(
    '1000 options',
    ask(miss, [query('h1.example.net', 1, { additionals: [opt({ rdata: Buffer.alloc(4000) })] })]),
  );
  bench(
    '1900 labels',
    ask(miss, [
      build({
        questions: [{}],
        answers: Array.from({ length: 15 }, () => ({ name: labels, type: 99 })),
      }),
    ]),
  );
  bench('100,000 mutated queries', ask(miss, mutated));
});
