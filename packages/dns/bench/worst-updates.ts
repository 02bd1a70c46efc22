// What may one UPDATE over TCP cost? At most 5 ms of CPU in one turn of the event loop, however much it changes, warm and the
// first time: others are served between the turns. Linux only. Prints the worst there is, with and without the pauses of V8's
// collector, and fails if one is over.
// Run: npx tsx --conditions=@hawser/source packages/dns/bench/worst-updates.ts [part of a name]
import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { createNodeReactor } from '@hawser/core';
import { signer } from '../src/dnssec/signer.ts';
import { generateKey } from '../src/dnssec/signing-key.ts';
import { Name } from '../src/name.ts';
import { Class, Rcode, Type } from '../src/numbers.ts';
import { Responder } from '../src/server/responder.ts';
import { dynamicZone } from '../src/store/open-dynamic-zone.ts';
import { sqlite } from '../src/store/sqlite-store.ts';
import { updates } from '../src/update/message/updates.ts';
import { newZone } from '../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../src/zone/rrset.ts';
import { Zone } from '../src/zone/zone.ts';
import { build, type RawRecord } from '../test/build.ts';

const LIMIT_MS = 5;
const spent = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
/** What is read into: to measure must not give the collector work. */
const digits = Buffer.alloc(64);
const ROUNDS = 40;
const RECORDS = 1000;
/** Where the zone section names the zone. */
const ORIGIN = Buffer.of(0xc0, 12);

const origin = Name.parse('example.net');
const reactor = createNodeReactor();
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const address = (index: number): Buffer =>
  Buffer.of(10, index >> 16, (index >> 8) & 255, index & 255);
const below = (...labels: readonly string[]): Buffer =>
  Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    ORIGIN,
  ]);
const all = { ttl: 0, class: Class.ANY };

/** What the zone has before: made once, as a snapshot is never changed. */
const small = newZone(origin);
const large = zoneOf((index) => rrset(`r${index}`, numbers(1000)), 24);
/** As much as one update may delete. */
const hundreds = zoneOf((index) => rrset(`r${index}`, numbers(100)), 1000);
const many = zoneOf((index) => rrset(`r${index}`, [index]), 1000);

interface Case {
  readonly zone: Zone;
  readonly record: (index: number) => RawRecord;
  readonly section?: 'answers';
  readonly signed?: true;
  readonly stored?: true;
}

const cases: Readonly<Record<string, Case>> = {
  'adds of an address to a name each': {
    zone: small,
    record: (index) => add(below(`h${index}`), Type.A, address(index)),
  },
  'adds of an address to one name': {
    zone: small,
    record: (index) => add(below('h'), Type.A, address(index)),
  },
  'adds of a mail server with a name of its own': {
    zone: small,
    record: (index) =>
      add(below(`h${index}`), Type.MX, Buffer.concat([Buffer.of(0, 1), below(`m${index}`)])),
  },
  'adds below names that are not there': {
    zone: small,
    record: (index) =>
      add(below(...numbers(16).map((level) => label(index * 16 + level))), Type.A, address(index)),
  },
  'adds to RRsets of 999': {
    zone: zoneOf((index) => rrset(`r${index}`, numbers(999)), 100),
    record: (index) => add(below(`r${index % 100}`), Type.A, address(5000 + index)),
  },
  'deletes of RRsets of 100': {
    zone: hundreds,
    record: (index) => ({ name: below(`r${index}`), type: Type.A, ...all }),
  },
  'deletes of names with 100 records': {
    zone: hundreds,
    record: (index) => ({ name: below(`r${index}`), type: Type.ANY, ...all }),
  },
  'deletes of one record of 1000 each': {
    zone: large,
    record: (index) => ({
      name: below(`r${index % 24}`),
      type: Type.A,
      ttl: 0,
      class: Class.NONE,
      rdata: address(index),
    }),
  },
  'deletes of all there is': {
    zone: many,
    record: (index) => ({ name: below(`r${index}`), type: Type.ANY, ...all }),
  },
  'signed: adds of an address to a name each': {
    zone: small,
    signed: true,
    record: (index) => add(below(`h${index}`), Type.A, address(index)),
  },
  'signed: adds of 31 types to a name each': {
    zone: small,
    signed: true,
    record: (index) => add(below(`h${index & 31}`), 1000 + (index >> 5), Buffer.alloc(4, index)),
  },
  'signed: adds below names that are not there': {
    zone: small,
    signed: true,
    record: (index) =>
      add(below(...numbers(16).map((level) => label(index * 16 + level))), Type.A, address(index)),
  },
  'signed: deletes of all there is': {
    zone: many,
    signed: true,
    record: (index) => ({ name: below(`r${index}`), type: Type.ANY, ...all }),
  },
  'stored: adds of an address to a name each': {
    zone: small,
    stored: true,
    record: (index) => add(below(`h${index}`), Type.A, address(index)),
  },
  'stored: deletes of RRsets of 100': {
    zone: hundreds,
    stored: true,
    record: (index) => ({ name: below(`r${index}`), type: Type.A, ...all }),
  },
  'stored and signed: adds of an address to a name each': {
    zone: small,
    signed: true,
    stored: true,
    record: (index) => add(below(`h${index}`), Type.A, address(index)),
  },
  'conditions on values': {
    zone: large,
    section: 'answers',
    record: (index) => ({ name: below('r0'), type: Type.A, ttl: 0, rdata: address(index) }),
  },
  'conditions on a value of an RRset of 1000 each': {
    zone: large,
    section: 'answers',
    record: (index) => ({ name: below(`r${index}`), type: Type.A, ttl: 0, rdata: address(0) }),
  },
};

/** A turn of the loop, by the clock, and its CPU time, in milliseconds. */
interface Turn {
  readonly began: number;
  readonly ended: number;
  readonly cost: number;
}

const keys = [generateKey()];
/** When the collector stopped everything. */
const pauses: PerformanceEntry[] = [];
const collector = new PerformanceObserver((list) => void pauses.push(...list.getEntries()));
collector.observe({ entryTypes: ['gc'] });
const cell = new Int32Array(new SharedArrayBuffer(4));
let turnStart = spentMs();
let turnBegan = performance.now();
const [only = ''] = process.argv.slice(2);
let failed = false;
for (const [name, each] of Object.entries(cases)) {
  if (!name.includes(only)) continue;
  const longest: number[] = [];
  const own: number[] = [];
  let sums = 0;
  let code = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { turns, rcode } = await measure(each);
    longest.push(Math.max(...turns.map(({ cost }) => cost)));
    own.push(Math.max(...turns.map(ownCost)));
    sums += turns.reduce((sum, { cost }) => sum + cost, 0);
    code = rcode;
  }
  const [first = 0] = longest;
  const median = quantile(longest.slice(1), 0.5);
  const high = quantile(longest.slice(1), 0.9);
  const over = median > LIMIT_MS;
  failed ||= over;
  console.log(
    `${name.padEnd(50)} longest turn: first ${ms(first)}, median ${ms(median)} (${ms(quantile(own.slice(1), 0.5))} without the collector), 90 % ${ms(high)}; all turns ${ms(sums / ROUNDS)}; rcode ${code}${over ? '  TOO MUCH' : ''}`,
  );
}
if (failed) process.exitCode = 1;

/** The turns that an update takes. */
async function measure({
  zone: initial,
  record,
  section = 'authorities',
  signed,
  stored,
}: Case): Promise<{
  readonly turns: readonly Turn[];
  readonly rcode: number;
}> {
  const folder = stored && mkdtempSync(join(tmpdir(), 'hawser-bench-'));
  const store = folder && sqlite(join(folder, 'zones.db'), { pollMs: 2 ** 30 });
  const hooks = signed && signer(keys);
  const zone = await dynamicZone('example.net', { initial, reactor, hooks, store });
  const handler = updates(zone, {
    policy: [{ unsigned: true, names: '*', types: ['*'] }],
    allowUnsigned: ['127.0.0.0/8'],
  });
  const responder = new Responder([handler, zone], { rateLimit: false });
  await responder.start(reactor);
  const packet = build({
    flags: 0x2800,
    questions: [{ name: 'example.net', type: Type.SOA }],
    [section]: fitting(record),
  });
  const client = { kind: 'tcp', host: '127.0.0.1', port: 4000, family: 4 } as const;
  const turns: Turn[] = [];
  let running = true;
  await turn();
  pauses.length = 0;
  const done = Promise.resolve(responder.respond(packet, { transport: 'tcp', client }));
  void done.then(() => (running = false));
  while (running) turns.push(await turn());
  const reply = await done;
  await responder.stop();
  await store?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
  const rcode = Buffer.isBuffer(reply) ? (reply[3] ?? 0) & 15 : Number.NaN;
  if (rcode !== Rcode.NoError && rcode !== Rcode.Refused && rcode !== Rcode.NXRRSet)
    throw new Error(`unexpected rcode ${rcode}`);
  // The collector tells a turn later what it did.
  await turn();
  pauses.push(...collector.takeRecords());
  return { turns, rcode };
}

/** Ends this turn and the next one: what the next one cost. */
async function turn(): Promise<Turn> {
  await new Promise<void>((resume) => setImmediate(resume));
  const cost = spentMs() - turnStart;
  const done = { began: turnBegan, ended: performance.now(), cost };
  turnStart = spentMs();
  turnBegan = performance.now();
  return done;
}

/** What a turn cost without the pauses in it. */
function ownCost({ began, ended, cost }: Turn): number {
  const paused = pauses
    .filter(({ startTime }) => startTime >= began && startTime < ended)
    .reduce((sum, { duration }) => sum + duration, 0);
  return Math.max(0, cost - paused);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * part)] ?? 0;
}

/** CPU time of this thread, which Linux counts up when it sleeps; that of signatures made by other threads is not in it. */
function spentMs(): number {
  Atomics.wait(cell, 0, 0, 0.01);
  const length = readSync(spent, digits, 0, digits.length, 0);
  let running = 0;
  for (let at = 0; at < length && digits[at] !== 0x20; at++)
    running = running * 10 + (digits[at] ?? 0) - 0x30;
  return running / 1e6;
}

function fitting(record: (index: number) => RawRecord): RawRecord[] {
  const records: RawRecord[] = [];
  let bytes = 12 + 17;
  for (let index = 0; index < RECORDS; index++) {
    const each = record(index);
    bytes += (each.name as Uint8Array).length + 10 + (each.rdata?.length ?? 0);
    if (bytes > 65_535) break;
    records.push(each);
  }
  return records;
}

function add(name: Uint8Array, type: number, rdata: Uint8Array): RawRecord {
  return { name, type, ttl: 60, rdata };
}

/** Two octets that no other number has. */
function label(index: number): string {
  return index.toString(36).padStart(3, 'x');
}

function rrset(name: string, addresses: readonly number[]): RRset {
  const values = addresses.map((index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  return createRRset(Name.parse(`${name}.example.net`), Type.A, { ttl: 60, values });
}

function zoneOf(make: (index: number) => RRset, count: number): Zone {
  return Zone.of(origin, [...newZone(origin).rrsets(), ...numbers(count).map(make)]);
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(5)} ms`;
}
