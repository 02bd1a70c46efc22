// The same updates to us, BIND and Knot: the same response codes, and the same records afterwards.
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '@hawser/core/testing';
import {
  buildMessage,
  Class,
  type DnsRecord,
  formatType,
  Name,
  Opcode,
  parseMessage,
  parseType,
  Rcode,
  rdataFromText,
  rdataToText,
  Type,
} from '@hawser/dns';
import { expect, vi } from 'vitest';
import { DnsPeer, freePort } from './dns-peers.ts';
import { UpdateServer } from './dns-update-server.ts';
import { output } from './dynamic-dns.ts';
import { interop } from './peer.ts';
import { start } from './started.ts';

vi.setConfig({ testTimeout: 120_000 });

const ORIGIN = Name.parse('example.net');
const zoneFile = `$ORIGIN example.net.
@ 3600 IN SOA ns1 hostmaster 1 7200 900 1209600 60
@ 3600 IN NS ns1.example.org.
`;
const owners = ['@', 'a', 'b', 'c.a', '*.b', 'B'];
const data: Readonly<Record<string, readonly string[]>> = {
  A: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  TXT: ['"x"', '"y"'],
  CNAME: ['a.example.net.', 'b.example.net.'],
  NS: ['ns1.example.org.', 'ns2.example.org.'],
  MX: ['10 a.example.net.', '10 A.example.net.', '20 a.example.net.'],
};

interface Update {
  readonly prerequisites: readonly DnsRecord[];
  readonly changes: readonly DnsRecord[];
  /** For people. */
  readonly text: readonly string[];
}

/** Random updates, most of which do something. */
class Updates {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  next(): Update {
    const text: string[] = [];
    const prerequisites = this.#some(1, () => {
      const [owner, type] = [this.#pick(owners), this.#pick(Object.keys(data))];
      const kind = this.#pick(['yxdomain', 'nxdomain', 'yxrrset', 'nxrrset', 'value']);
      const value = kind === 'value' ? this.#pick(data[type] ?? []) : undefined;
      text.push([kind, owner, type, value].join(' '));
      if (value !== undefined) return record(owner, type, { klass: Class.IN, value });
      const klass = kind.startsWith('yx') ? Class.ANY : Class.NONE;
      return record(owner, kind.endsWith('domain') ? 'ANY' : type, { klass });
    });
    const changes = this.#some(4, () => {
      const owner = this.#pick(owners);
      // BIND does not take NS at a wildcard, where it means nothing (RFC 4592 §4.2).
      const types = Object.keys(data).filter((each) => each !== 'NS' || !owner.startsWith('*'));
      const type = this.#pick(types);
      const kind = this.#pick(['add', 'add', 'add', 'delete name', 'delete type', 'delete record']);
      const value = this.#pick(data[type] ?? []);
      text.push([kind, owner, type, value].join(' '));
      if (kind === 'add') return record(owner, type, { klass: Class.IN, ttl: 300, value });
      if (kind === 'delete record') return record(owner, type, { klass: Class.NONE, value });
      return record(owner, kind === 'delete name' ? 'ANY' : type, { klass: Class.ANY });
    });
    return { prerequisites, changes, text };
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.float() * list.length)] as T;
  }

  #some<T>(most: number, make: () => T): T[] {
    const count = Math.floor(this.#random.float() * (most + 1));
    return Array.from({ length: count }, make);
  }
}

function record(
  owner: string,
  type: string,
  { klass, ttl = 0, value }: { klass: number; ttl?: number; value?: string },
): DnsRecord {
  const name = owner === '@' ? ORIGIN : Name.parse(owner).concat(ORIGIN);
  const number = parseType(type);
  const rdata = value === undefined ? undefined : rdataFromText(number, value);
  return { name, type: number, class: klass, ttl, rdata };
}

/** The response code of the server at `port`. */
function send(port: number, { prerequisites, changes }: Update, id: number): Promise<number> {
  const bytes = buildMessage({
    id,
    opcode: Opcode.Update,
    question: { name: ORIGIN, type: Type.SOA, class: Class.IN },
    answer: prerequisites,
    authority: changes,
  });
  const socket = createSocket('udp4');
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no reply from port ${port}`)), 20_000);
    socket.once('message', (reply) => {
      clearTimeout(timer);
      const message = parseMessage(reply);
      if ('error' in message) reject(new Error(message.error));
      else resolve(message.rcode);
    });
    socket.once('error', reject);
    socket.send(bytes, port, '127.0.0.1');
  }).finally(() => socket.close());
}

/** All records but SOA, sorted. */
async function recordsAt(port: number): Promise<string[]> {
  const flags = ['+noall', '+answer', '+onesoa', '+tries=1', '+time=20'];
  const text = await output('dig', [
    '@127.0.0.1',
    '-p',
    `${port}`,
    'example.net',
    'AXFR',
    ...flags,
  ]);
  return text
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').toLowerCase())
    .filter((line) => line !== '' && !line.includes(' soa '))
    .toSorted();
}

/** The same, as we have them. */
function ourRecords({ zone }: UpdateServer): string[] {
  const lines: string[] = [];
  for (const { name, type, ttl, records } of zone.snapshot.rrsets()) {
    if (type === Type.SOA) continue;
    for (const rdata of records) {
      const text = rdataToText(type, rdata);
      lines.push(`${name}. ${ttl} in ${formatType(type)} ${text}`.toLowerCase());
    }
  }
  return lines.toSorted();
}

const configurations = {
  named: (folder: string, port: number): string => `
    options {
      directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key";
      listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
      recursion no; dnssec-validation no; notify no; empty-zones-enable no;
    };
    controls { };
    zone "example.net" {
      type primary; file "example.net.zone"; check-names ignore; check-integrity no;
      allow-update { any; }; allow-transfer { any; };
    };
  `,
  knotd: (folder: string, port: number): string => `
server:
  rundir: ${folder}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stdout
    any: warning
database:
  storage: ${folder}/db
acl:
  - id: local
    address: 127.0.0.1
    action: [update, transfer]
zone:
  - domain: example.net
    storage: ${folder}
    file: "%s.zone"
    zonefile-sync: -1
    acl: local
`,
};

async function startPeer(
  kind: 'named' | 'knotd',
  folder: string,
): Promise<{ port: number; peer: DnsPeer }> {
  mkdirSync(join(folder, 'db'), { recursive: true });
  writeFileSync(join(folder, 'example.net.zone'), zoneFile);
  const port = await freePort();
  const file = join(folder, `${kind}.conf`);
  writeFileSync(file, configurations[kind](folder, port));
  const flags = kind === 'named' ? ['-g', '-n', '1', '-c', file] : ['-c', file];
  const started = start(kind, flags);
  const peer = new DnsPeer(started, port);
  try {
    await peer.ready('example.net');
    return { port, peer };
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    throw new Error(`Cannot start ${kind}: ${started.stdout}${started.stderr}`, { cause: error });
  }
}

for (const kind of ['named', 'knotd'] as const) {
  interop(
    `150 random updates make of our zone what they make of that of ${kind}`,
    [kind, 'dig'],
    async () => {
      const policy = [{ unsigned: true, names: '*', types: ['*'] }];
      await using ours = await UpdateServer.start({
        ns: ['ns1.example.org'],
        updates: { policy, allowUnsigned: ['127.0.0.1'] },
      });
      const { port, peer } = await startPeer(kind, join(ours.folder, kind));
      await using _ = peer;
      const random = new Updates(42);
      for (let id = 1; id <= 150; id++) {
        const update = random.next();
        // oxlint-disable-next-line no-await-in-loop -- each is made from what the one before left
        const [mine, theirs] = [await send(ours.port, update, id), await send(port, update, id)];
        const names = (code: number): string =>
          Object.entries(Rcode).find(([, value]) => value === code)?.[0] ?? `${code}`;
        // oxlint-disable-next-line no-await-in-loop -- as above
        const found = { ours: ourRecords(ours), theirs: await recordsAt(port) };
        // Knot keeps the TTL of what is added again (RFC 2136 §3.4.2.2 would have the new one).
        const shown = (lines: readonly string[]): readonly string[] =>
          kind === 'named'
            ? lines
            : lines.map((line) => line.replace(/ \d+ in /, ' in ')).toSorted();
        const records = { ours: shown(found.ours), theirs: shown(found.theirs) };
        expect({ update: update.text, rcode: names(mine), records: records.ours }).toEqual({
          update: update.text,
          rcode: names(theirs),
          records: records.theirs,
        });
      }
      expect(ours.reports.problems).toEqual([]);
    },
  );
}
