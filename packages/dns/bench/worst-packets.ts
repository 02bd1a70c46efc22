// What may one packet cost a server? At most 1 ms of CPU for a datagram, 5 ms for a message of 64 KiB over TCP, whatever is in it
// and however much there is to answer. Prints the worst there is, each the median of many calls, and fails if one is over.
// Run: npx tsx --conditions=@hawser/source packages/dns/bench/worst-packets.ts
import { createTestReactor, SeededRandom } from '@hawser/core/testing';
import { answerOnce } from '../src/handlers/answer-zone.ts';
import { Name } from '../src/name.ts';
import { Type } from '../src/numbers.ts';
import { rdataFromText } from '../src/rdata/rdata-text.ts';
import { Responder } from '../src/server/responder.ts';
import { tsigKey } from '../src/tsig/key.ts';
import { signTsigRequest } from '../src/tsig/sign.ts';
import { newZone } from '../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../src/zone/rrset.ts';
import { Zone } from '../src/zone/zone.ts';
import { build, opt, query } from '../test/build.ts';

const LIMIT_US = { udp: 1000, tcp: 5000 } as const;
const CALLS = 200;

const origin = Name.parse('example.net');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const rrset = (name: string, type: number, values: readonly (string | string[])[]): RRset =>
  createRRset(Name.parse(`${name}.example.net`), type, { ttl: 60, values });
const address = (index: number): string => `10.0.${index >> 8}.${index & 255}`;
const long = 'x'.repeat(60);

const zone = Zone.of(origin, [
  ...newZone(origin).rrsets(),
  rrset('addresses', Type.A, numbers(1000).map(address)),
  rrset(
    'texts',
    Type.TXT,
    numbers(250).map((index) => ['x'.repeat(240) + index]),
  ),
  rrset(
    'mail',
    Type.MX,
    numbers(1000).map((index) => `10 m${index}.example.net`),
  ),
  ...numbers(1000).map((index) => rrset(`m${index}`, Type.A, numbers(20).map(address))),
  rrset(
    'sub',
    Type.NS,
    numbers(200).map((index) => `n${index}.sub.example.net`),
  ),
  ...numbers(200).map((index) => rrset(`n${index}.sub`, Type.A, numbers(4).map(address))),
  rrset(
    'thousand',
    Type.NS,
    numbers(1000).map((index) => `n${index}.thousand.example.net`),
  ),
  ...numbers(1000).map((index) => rrset(`n${index}.thousand`, Type.A, numbers(4).map(address))),
  ...numbers(40).map((index) => rrset(`c${index}`, Type.CNAME, [`c${index + 1}.example.net`])),
  rrset(`${long}.${long}.deep`, Type.CNAME, [`${long}.${long}.other.example.net`]),
]);

/** A name of 116 labels, of which all but the last are there only because of it, and nobody has signed them. */
const deepOrigin = Name.parse('example.org');
const ancestors = 'a.'.repeat(115);
const signed = (name: string, type: number, value: string): RRset => ({
  name: Name.parse(name),
  type,
  ttl: 60,
  records: [rdataFromText(type, value)],
});
const signature = 'NSEC 13 2 60 20300101000000 20200101000000 1 example.org. AAAA';
const deepZone = Zone.of(deepOrigin, [
  ...newZone(deepOrigin).rrsets(),
  signed('example.org', Type.NSEC, `b.${ancestors}example.org. NS SOA RRSIG NSEC`),
  signed('example.org', Type.RRSIG, signature),
  signed(`b.${ancestors}example.org`, Type.A, '192.0.2.1'),
  signed(`b.${ancestors}example.org`, Type.NSEC, 'example.org. A RRSIG NSEC'),
  signed(`b.${ancestors}example.org`, Type.RRSIG, signature),
]);
const key = tsigKey('k', 'hmac-sha512', Buffer.alloc(64, 1));

const reactor = createTestReactor();
/** Every answer is made and written anew. */
const responder = new Responder(
  [
    { origin, handle: (asked) => answerOnce(zone, asked) },
    { origin: deepOrigin, handle: (asked) => answerOnce(deepZone, asked) },
  ],
  { rateLimit: false, keys: [key] },
);
await responder.start(reactor);

const additionals = [opt({ size: 65_535, dnssecOk: true })];
const labels = Buffer.from([...numbers(127).flatMap(() => [1, 97]), 0]);
const nowSeconds = reactor.clock.epoch() / 1000;
const pad = (code: number, bytes: number): Buffer =>
  Buffer.concat([Buffer.from([0, code, bytes >> 8, bytes & 255]), Buffer.alloc(bytes)]);
const many = (count: number, name: string | Uint8Array, type = 99): Buffer =>
  build({
    questions: [{ name: 'example.net' }],
    answers: numbers(count).map(() => ({ name, type })),
  });

const datagrams: Readonly<Record<string, Buffer>> = {
  '1000 A that do not fit': query('addresses.example.net', Type.A, { additionals }),
  '1000 MX that do not fit': query('mail.example.net', Type.MX, { additionals }),
  '200 NS with glue that do not fit': query('x.sub.example.net', Type.A, { additionals }),
  '1000 NS with glue that do not fit': query('x.thousand.example.net', Type.A, { additionals }),
  '115 empty non-terminals': query(`${ancestors}example.org`, Type.A, { additionals }),
  'a name below 115 of them': query(`a.${ancestors}example.org`, Type.A, { additionals }),
  'a chain of 16': query('c0.example.net', Type.A, { additionals }),
  'a long name that is not there': query(`${'a.'.repeat(110)}example.net`, Type.A, { additionals }),
  '370 records': many(365, '.'),
  '15 names of 127 labels': many(15, labels),
  '1000 options': query('example.net', 1, { additionals: [opt({ rdata: Buffer.alloc(4000) })] }),
  '4000 octets, signed': signTsigRequest(
    query('example.net', 1, { additionals: [opt({ rdata: pad(12, 3800) })] }),
    { key, nowSeconds },
  ).bytes,
  'an update of 300 records': build({
    flags: 0x2800,
    questions: [{ name: 'example.net', type: Type.SOA }],
    authorities: numbers(250).map(() => ({ name: '.', type: 1, rdata: Buffer.alloc(4) })),
  }),
};

const messages: Readonly<Record<string, Buffer>> = {
  '1000 A': query('addresses.example.net', Type.A, { additionals }),
  '250 texts of 240': query('texts.example.net', Type.TXT, { additionals }),
  '1000 MX and what is useful with them': query('mail.example.net', Type.MX, { additionals }),
  '200 NS with 800 glue': query('x.sub.example.net', Type.A, { additionals }),
  '5900 records': many(5900, '.'),
  '240 names of 127 labels': many(240, labels),
  '16,000 options': query('example.net', 1, {
    additionals: [opt({ rdata: Buffer.alloc(65_000) })],
  }),
  '65,000 octets, signed': signTsigRequest(
    query('example.net', 1, { additionals: [opt({ rdata: pad(12, 65_000) })] }),
    { key, nowSeconds },
  ).bytes,
};

let failed = false;
measure('udp', datagrams);
measure('tcp', messages);
const random = new SeededRandom(1);
const seeds = Object.values(datagrams);
const mutated = numbers(2000).map((index) => {
  const packet = Buffer.from(seeds[index % seeds.length] ?? Buffer.alloc(0));
  for (let left = 0; left < 4; left++) {
    packet[Math.floor(random.float() * packet.length)] = Math.floor(random.float() * 256);
  }
  return packet;
});
report('udp', '2000 of them changed, on average', averageOf('udp', mutated));
if (failed) process.exitCode = 1;

function measure(transport: 'udp' | 'tcp', packets: Readonly<Record<string, Buffer>>): void {
  for (const [name, packet] of Object.entries(packets)) {
    const times = numbers(CALLS + 20).map(() => averageOf(transport, [packet]));
    const sorted = times.slice(20).toSorted((a, b) => a - b);
    report(transport, name, sorted[CALLS / 2] ?? Number.NaN);
  }
}

/** Wall time of one call, in microseconds: the median of many is what it takes when nobody disturbs. */
function averageOf(transport: 'udp' | 'tcp', packets: readonly Buffer[]): number {
  const start = process.hrtime.bigint();
  for (const packet of packets) {
    const client = { kind: transport, host: '192.0.2.99', port: 4000, family: 4 } as const;
    void responder.respond(packet, { transport, client });
  }
  return Number(process.hrtime.bigint() - start) / 1000 / packets.length;
}

function report(transport: 'udp' | 'tcp', name: string, us: number): void {
  const over = us > LIMIT_US[transport];
  failed ||= over;
  console.log(
    `${transport}  ${name.padEnd(40)}${us.toFixed(0).padStart(8)} µs${over ? '  TOO MUCH' : ''}`,
  );
}
