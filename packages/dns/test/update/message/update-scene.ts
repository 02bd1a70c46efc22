// A zone, and UPDATE messages for it written as one writes them for nsupdate. Names are relative to example.net unless they
// end with a dot.
import { createTestReactor, type TestReactor } from '@hawser/core/testing';
import type { Answer } from '../../../src/contract/answer.ts';
import { codeAnswer } from '../../../src/contract/answer.ts';
import type { Decided, Deciding, LeaseEdit, LiveZone } from '../../../src/contract/live-zone.ts';
import type { DnsQuery, QueryTransport } from '../../../src/contract/query.ts';
import { atOnce } from '../../../src/in-turns.ts';
import { readMessage } from '../../../src/message/reader.ts';
import { Name } from '../../../src/name.ts';
import { Class, formatType, parseType, Rcode } from '../../../src/numbers.ts';
import { rdataFromText, rdataToText } from '../../../src/rdata/rdata-text.ts';
import {
  type UpdateReport,
  type UpdatesOptions,
  updates,
} from '../../../src/update/message/updates.ts';
import { type RRset } from '../../../src/zone/rrset.ts';
import { type ChangeSet, Zone } from '../../../src/zone/zone.ts';
import { build, type RawRecord } from '../../build.ts';

export const origin = Name.parse('example.net');

const apex = [
  '@ 3600 SOA ns1 hostmaster 10 7200 900 1209600 60',
  '@ 3600 NS ns1',
  '@ 3600 NS ns2.example.org.',
];

/** A zone that is changed in memory. */
export class TestZone implements LiveZone {
  readonly origin = origin;
  readonly leases: LeaseEdit[] = [];
  readonly commits: ChangeSet[] = [];
  snapshot: Zone;
  /** Fails the next commits. */
  failure: Error | undefined;
  /** What a commit waits for. */
  held: Promise<void> | undefined;

  constructor(lines: readonly string[] = []) {
    this.snapshot = zoneOf([...apex, ...lines]);
  }

  async transact<T>(decide: (zone: Zone) => Deciding<T>): Promise<Decided<T>> {
    await this.held;
    const asked = decide(this.snapshot);
    const { edits, leases = [], result } = 'next' in asked ? atOnce(asked) : asked;
    const next = this.snapshot.change(edits);
    // The end of a lease that nobody has is nothing to store.
    const isStored = next !== undefined || leases.some(({ expires }) => expires !== undefined);
    if (this.failure !== undefined && isStored) throw this.failure;
    this.leases.push(...leases);
    if (next === undefined) return { result, changeSet: undefined };
    this.snapshot = next.zone;
    this.commits.push(next.changeSet);
    return { result, changeSet: next.changeSet };
  }

  handle(): Answer {
    return codeAnswer(Rcode.Refused);
  }

  journal(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  onChange(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }

  /** Everything but SOA, sorted, or what one name has. */
  lines(name?: string): string[] {
    return linesOf(this.snapshot).filter(
      (line) => !/ SOA /.test(line) && (name === undefined || line.startsWith(`${name} `)),
    );
  }
}

export function zoneOf(lines: readonly string[]): Zone {
  const rrsets = new Map<string, RRset>();
  for (const line of lines) {
    const [owner = '', ttl = '', type = '', ...data] = line.split(' ');
    const number = parseType(type);
    const name = nameOf(owner);
    const rdata = rdataFromText(number, data.join(' '), { origin });
    const id = `${number}/${name.key}`;
    const records = [...(rrsets.get(id)?.records ?? []), rdata];
    rrsets.set(id, { name, type: number, ttl: Number(ttl), records });
  }
  return Zone.of(origin, rrsets.values());
}

export function linesOf(zone: Zone): string[] {
  const lines: string[] = [];
  for (const { name, type, ttl, records } of zone.rrsets()) {
    for (const rdata of records) {
      lines.push(
        `${name.relativeTo(origin)} ${ttl} ${formatType(type)} ${rdataToText(type, rdata, origin)}`,
      );
    }
  }
  return lines.sort();
}

export function nameOf(text: string): Name {
  if (text === '@') return origin;
  return text.endsWith('.') ? Name.parse(text) : Name.parse(text).concat(origin);
}

/** `yxdomain NAME`, `nxdomain NAME`, `yxrrset NAME TYPE [DATA]`, `nxrrset NAME TYPE`. */
export function prerequisite(line: string): RawRecord {
  const [verb, owner = '', type = 'ANY', ...data] = line.split(' ');
  const no = verb?.startsWith('nx');
  const name = nameOf(owner).wire;
  if (data.length > 0)
    return { name, type: parseType(type), class: Class.IN, rdata: rdata(type, data) };
  return { name, type: parseType(type), class: no ? Class.NONE : Class.ANY };
}

/** `add NAME TTL TYPE DATA`, `delete NAME [TYPE [DATA]]`. */
export function change(line: string): RawRecord {
  const [verb, owner = '', ...rest] = line.split(' ');
  const name = nameOf(owner).wire;
  if (verb === 'add') {
    const [ttl = '', type = '', ...data] = rest;
    return { name, type: parseType(type), ttl: Number(ttl), rdata: rdata(type, data) };
  }
  const [type = 'ANY', ...data] = rest;
  if (data.length === 0) return { name, type: parseType(type), class: Class.ANY };
  return { name, type: parseType(type), class: Class.NONE, rdata: rdata(type, data) };
}

function rdata(type: string, data: readonly string[]): Buffer {
  return rdataFromText(parseType(type), data.join(' '), { origin }).wire;
}

export interface Sent {
  readonly prerequisites?: readonly (string | RawRecord)[];
  readonly changes?: readonly (string | RawRecord)[];
  readonly additionals?: readonly RawRecord[];
  readonly zone?: { name?: string; type?: number; class?: number };
  readonly key?: string | undefined;
  readonly client?: string;
  readonly transport?: QueryTransport;
  /** @defaultValue over anything but UDP */
  readonly addressProven?: boolean;
  readonly id?: number;
}

export function updateBytes(sent: Sent): Buffer {
  const { prerequisites = [], changes = [], additionals = [], zone = {}, id = 7 } = sent;
  return build({
    id,
    flags: 5 << 11,
    questions: [{ name: 'example.net', type: 6, ...zone }],
    answers: prerequisites.map((each) => (typeof each === 'string' ? prerequisite(each) : each)),
    authorities: changes.map((each) => (typeof each === 'string' ? change(each) : each)),
    additionals,
  });
}

export interface Scene {
  readonly zone: TestZone;
  readonly reactor: TestReactor;
  readonly reports: UpdateReport[];
  /** The response code, or the whole answer by {@link Scene.ask}. */
  readonly send: (sent: Sent | string | readonly string[]) => Promise<number>;
  readonly ask: (sent: Sent) => Promise<Answer>;
  readonly askBytes: (bytes: Buffer, sent?: Sent) => Promise<Answer>;
}

const anything: UpdatesOptions = { policy: [{ key: '*', names: '*', types: ['*'] }] };

/** Updates by a key `tester` for which `options` say what it may; everything without them. */
export function scene(lines: readonly string[] = [], options: Partial<UpdatesOptions> = {}): Scene {
  const zone = new TestZone(lines);
  const reactor = createTestReactor();
  const reports: UpdateReport[] = [];
  const handler = updates(zone, {
    ...anything,
    onUpdate: (report) => reports.push(report),
    ...options,
  });
  const askBytes = async (bytes: Buffer, sent: Sent = {}): Promise<Answer> => {
    const query = queryOf(bytes, sent, reactor);
    if (query === undefined) return codeAnswer(Rcode.FormErr);
    const outcome = await handler.handle(query, () => codeAnswer(Rcode.NotAuth));
    if (outcome.kind !== 'answer') throw new Error(`not an answer: ${outcome.kind}`);
    return outcome;
  };
  const ask = (sent: Sent): Promise<Answer> => askBytes(updateBytes(sent), sent);
  return {
    zone,
    reactor,
    reports,
    ask,
    askBytes,
    send: async (sent) => {
      if (typeof sent === 'string') return (await ask({ changes: [sent] })).rcode;
      return (await ask(Array.isArray(sent) ? { changes: sent as string[] } : (sent as Sent)))
        .rcode;
    },
  };
}

/** The query as handlers see it, after the signature was verified. */
export function queryOf(bytes: Buffer, sent: Sent, reactor: TestReactor): DnsQuery | undefined {
  const reading = readMessage(bytes);
  if (!reading.ok || reading.message.question === undefined) return undefined;
  const { message } = reading;
  const { question } = reading.message;
  if (question === undefined) return undefined;
  const { transport = 'tcp', client = '192.0.2.99' } = sent;
  const key = 'key' in sent ? sent.key : 'tester';
  return {
    message,
    opcode: message.header.opcode,
    key: question.key,
    name: Name.fromWire(bytes, 12),
    type: question.type,
    class: question.class,
    transport,
    client: {
      kind: transport === 'udp' ? 'udp' : 'tcp',
      host: client,
      port: 4000,
      family: client.includes(':') ? 6 : 4,
    },
    flags: message.header.flags,
    edns: message.edns,
    optionBearing: message.edns !== undefined,
    dnssecOk: false,
    recursionDesired: false,
    checkingDisabled: false,
    clientCertificate: undefined,
    tsigKey: key === undefined ? undefined : Name.parse(key),
    addressProven: sent.addressProven ?? transport !== 'udp',
    reactor,
  };
}
