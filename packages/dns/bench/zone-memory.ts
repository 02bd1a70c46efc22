// What does a zone of a million names cost? Memory for a name, time to build it from RRsets, to look names up, to put them in
// order, and the longest pause of a change. Run it with `node --expose-gc --import tsx packages/dns/bench/zone-memory.ts`.
import { Name } from '../src/name.ts';
import { Type } from '../src/numbers.ts';
import { encodeRdata } from '../src/rdata/encode-rdata.ts';
import { newZone } from '../src/zone/new-zone.ts';
import type { RRset } from '../src/zone/rrset.ts';
import { type Edit, Zone } from '../src/zone/zone.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const origin = Name.parse('example.net');
const show = (what: string, value: number, unit: string): void => {
  process.stdout.write(
    `${what.padEnd(44)} ${value.toFixed(value < 100 ? 2 : 0).padStart(10)} ${unit}\n`,
  );
};

const address = (index: number): RRset => ({
  name: Name.parse(`h${index}.example.net`),
  type: Type.A,
  ttl: 60,
  records: [encodeRdata(Type.A, Uint8Array.of(192, 0, index >> 8, index))],
});
function* content(): Generator<RRset> {
  yield* newZone(origin).rrsets();
  for (let index = 0; index < count; index++) yield address(index);
}
/** Milliseconds of processor time: on a busy machine the clock says little. */
function timed<T>(work: () => T): [T, number] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1000];
}

const collect = globalThis.gc ?? ((): void => undefined);
const [, makeMs] = timed(() => {
  for (const rrset of content()) void rrset;
});
collect();
const before = process.memoryUsage();
let [zone, loadMs] = timed(() => Zone.of(origin, content()));
collect();
const after = process.memoryUsage();
show('resident memory of a name', (after.rss - before.rss) / count, 'bytes');
show('JavaScript heap of a name', (after.heapUsed - before.heapUsed) / count, 'bytes');
show('to make the RRsets, for comparison', makeMs / 1000, 's');
show('to make them and the zone', loadMs / 1000, 's');

const keys = Array.from({ length: 200_000 }, (_, index) =>
  Buffer.from(Name.parse(`h${(index * 7919) % count}.example.net`).key, 'latin1'),
);
const scratch = keys.map((key) => key.toString('latin1'));
let found = 0;
const [, lookupMs] = timed(() => {
  for (const key of scratch) if (zone.node(key) !== undefined) found++;
});
show(
  `to look one up (${found} found, strings not hashed yet)`,
  (lookupMs * 1e6) / keys.length,
  'ns',
);

function change(what: string): void {
  let [worst, sum] = [0, 0];
  const rounds = 5000;
  for (let round = 0; round < rounds; round++) {
    const index = (round * 7919) % count;
    const rrset = round % 2 === 0 ? address(count + round) : { ...address(index), ttl: 61 };
    const edits: Edit[] = [{ name: rrset.name, type: rrset.type, rrset }];
    const [next, ms] = timed(() => zone.change(edits));
    if (next !== undefined) zone = next.zone;
    sum += ms;
    worst = Math.max(worst, ms);
  }
  show(`${what}: to change a name`, (sum * 1000) / rounds, 'µs');
  show(`${what}: the longest change of ${rounds}`, worst, 'ms');
}
change('unordered');

if ('ordered' in zone) {
  const [size, orderMs] = timed(() => {
    let names = 0;
    for (const node of zone.ordered()) if (node.children >= 0) names++;
    return names;
  });
  show(`to order ${size} names and walk them`, orderMs / 1000, 's');
  const [, walkMs] = timed(() => {
    for (const node of zone.ordered()) void node;
  });
  show('to walk them again', walkMs / 1000, 's');
  change('ordered');
}
