// Updates that come to a copy, signed with a key that the primary has and the copy does not (RFC 8945 §5.5).
import { createSimReactor, type InetAddress, type SimHost } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { DnsClientError } from '../../src/client/client-error.ts';
import { dnsClient } from '../../src/client/dns-client.ts';
import { update } from '../../src/client/update.ts';
import type { Authority, DnsHandler } from '../../src/contract/handler.ts';
import { onlineSigner } from '../../src/dnssec/online-signer.ts';
import { generateKey } from '../../src/dnssec/signing-key.ts';
import { nest } from '../../src/handlers/nest.ts';
import { split } from '../../src/handlers/split.ts';
import { when } from '../../src/handlers/when.ts';
import { buildMessage } from '../../src/message/build-message.ts';
import { EdnsOption } from '../../src/message/edns.ts';
import { parseMessage } from '../../src/message/parse-message.ts';
import { Name } from '../../src/name.ts';
import { Class, Opcode, Rcode, Type } from '../../src/numbers.ts';
import { encodeRdata } from '../../src/rdata/encode-rdata.ts';
import type { ResponderOptions } from '../../src/server/responder-options.ts';
import { dnsService } from '../../src/server.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import type { SecondaryOptions } from '../../src/transfer/secondary-options.ts';
import { secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { type TsigKey, tsigKey } from '../../src/tsig/key.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { readTsig } from '../../src/tsig/tsig-record.ts';
import { verifyTsigResponse } from '../../src/tsig/verify-response.ts';
import { updates } from '../../src/update/message/updates.ts';
import { readReply } from '../read-reply.ts';

const origin = Name.parse('example.net');
const www = Name.parse('www.example.net');
const theirs = tsigKey('theirs', 'hmac-sha256', Buffer.alloc(32, 1));
const ours = tsigKey('ours', 'hmac-sha256', Buffer.alloc(32, 2));

interface Setting {
  readonly copy?: Partial<SecondaryOptions>;
  readonly responder?: ResponderOptions;
  /** In front of the primary. */
  readonly before?: readonly DnsHandler[];
  /** How the copy is served. */
  readonly serve?: (copy: DnsHandler) => DnsHandler | readonly DnsHandler[];
}

/** A primary that knows the key `theirs`, a copy that knows `ours`, and a client. */
async function world({ copy: options, responder, before = [], serve }: Setting = {}) {
  const sim = createSimReactor({ seed: 11 });
  const [host, copyHost, client] = [sim.host('primary'), sim.host('copy'), sim.host('client')];
  const [at, copyAt] = [addressOf(host), addressOf(copyHost)];
  const zone = await dynamicZone('example.net', { reactor: host });
  const changes = updates(zone, { policy: [{ key: 'theirs', names: '*' }] });
  const seen: Buffer[] = [];
  const look: DnsHandler = (query, next) => {
    if (query.opcode === Opcode.Update) seen.push(Buffer.from(query.message.bytes));
    return next(query);
  };
  await dnsService(`${at}:53`, [look, ...before, changes, zone], { keys: [theirs] }).start(host);
  const copy = secondaryZone('example.net', {
    primaries: [at],
    forwardUpdates: ['0.0.0.0/0'],
    ...options,
  });
  const service = dnsService(`${copyAt}:53`, serve?.(copy) ?? copy, {
    keys: [ours],
    ...responder,
  });
  await service.start(copyHost);
  return { sim, zone, copy, copyAt, copyHost, client, seen, responder: service.responder };
}

type World = Awaited<ReturnType<typeof world>>;

function addressOf(host: SimHost): string {
  return host.addresses[0] ?? '';
}

/** What a client hears that insists on replies signed with `key`: a code. */
async function sent(
  { client: host, copyAt }: World,
  key: TsigKey,
): Promise<number | string | undefined> {
  const client = dnsClient({ reactor: host });
  try {
    const change = update('example.net', { client, server: copyAt, key });
    return (await change.add('www', 'A', '192.0.2.1').send()).rcode;
  } catch (error) {
    if (!(error instanceof DnsClientError)) throw error;
    return error.rcode ?? error.code;
  } finally {
    await client.close();
  }
}

function message({ options = [] as { code: number; data: Buffer }[], name = origin } = {}): Buffer {
  const rdata = encodeRdata(Type.A, '192.0.2.1');
  return buildMessage({
    id: 0x1234,
    opcode: Opcode.Update,
    question: { name, type: Type.SOA, class: Class.IN },
    authority: [{ name: www, type: Type.A, class: Class.IN, ttl: 60, rdata }],
    edns: { udpSize: 1232, options },
  });
}

/** Sends datagrams to the copy; gives what came back in so many milliseconds. */
async function datagrams(
  { client, copyAt, sim }: World,
  packets: readonly Buffer[],
  ms = 1000,
): Promise<Buffer[]> {
  const to: InetAddress = { kind: 'udp', host: copyAt, port: 53, family: 4 };
  const replies: Buffer[] = [];
  const port = await client.udp.bind(
    { port: 0 },
    { datagramReceived: (data) => void replies.push(data) },
  );
  for (const packet of packets) port.send(packet, to);
  await new Promise<void>((resolve) => sim.clock.callLater(ms, resolve));
  await port.stop();
  return replies;
}

function signed(host: SimHost, packet: Buffer, key: TsigKey = theirs) {
  return signTsigRequest(packet, { key, nowSeconds: host.clock.epoch() / 1000 });
}

describe('an update with a key that only the primary has', () => {
  test('is carried out by the primary, and its reply verified by the client', async () => {
    const it = await world();
    expect(await sent(it, theirs)).toBe(Rcode.NoError);
    expect(it.zone.snapshot.get(www, Type.A)?.records).toHaveLength(1);
    expect(it.copy.counters.forwarded).toBe(1);
    const { signatures } = it.responder.counters.snapshot();
    expect(signatures).toEqual({ verified: 0, failed: 0 });
    await it.sim[Symbol.asyncDispose]();
  });

  test('gets there octet by octet but for its id, and so does its reply', async () => {
    const it = await world();
    const cookie = { code: EdnsOption.Cookie, data: Buffer.alloc(8, 7) };
    const request = signed(it.client, message({ options: [cookie] }));
    const [reply = Buffer.alloc(0)] = await datagrams(it, [request.bytes]);
    expect(it.seen).toHaveLength(1);
    expect(it.seen[0]?.subarray(2)).toEqual(request.bytes.subarray(2));
    expect(reply.readUInt16BE(0)).toBe(0x1234);
    const parsed = parseMessage(reply);
    if ('error' in parsed) throw new Error(parsed.error);
    const outcome = verifyTsigResponse(parsed, {
      key: theirs,
      requestMac: request.mac,
      nowSeconds: it.client.clock.epoch() / 1000,
    });
    expect(outcome.kind).toBe('verified');
    await it.sim[Symbol.asyncDispose]();
  });

  test('of which the primary knows another secret is BADSIG, as the primary says', async () => {
    const it = await world();
    const forged = tsigKey('theirs', 'hmac-sha256', Buffer.alloc(32, 9));
    const [reply = Buffer.alloc(0)] = await datagrams(it, [
      signed(it.client, message(), forged).bytes,
    ]);
    expect([readReply(reply).rcode, tsigErrorIn(reply)]).toEqual([Rcode.NotAuth, 16]);
    expect(it.zone.snapshot.get(www, Type.A)).toBeUndefined();
    await it.sim[Symbol.asyncDispose]();
  });

  test.each([
    ['in a nest', (copy: DnsHandler) => nest(copy)],
    [
      'that is signed when it is asked',
      (copy: DnsHandler) => onlineSigner(copy as Authority, { keys: [generateKey()] }),
    ],
    ['behind a condition', (copy: DnsHandler) => when(({ opcode }) => opcode !== 0, copy)],
    ['for some networks', (copy: DnsHandler) => split([{ clients: ['0.0.0.0/0'], serve: copy }])],
    [
      'behind functions',
      (copy: DnsHandler) => [(query, next) => next(query), copy] as DnsHandler[],
    ],
  ])('finds a copy %s', async (_, serve) => {
    const it = await world({ serve });
    expect(await sent(it, theirs)).toBe(Rcode.NoError);
    await it.sim[Symbol.asyncDispose]();
  });
});

describe('it is BADKEY and not passed on', () => {
  test.each<[string, Setting]>([
    ['where updates are not forwarded', { copy: { forwardUpdates: [] } }],
    ['for a client that no rule lists', { copy: { forwardUpdates: ['198.51.100.0/24'] } }],
    [
      'where rules are about keys, which nobody has verified',
      { copy: { forwardUpdates: [{ key: 'theirs' }] } },
    ],
    [
      'behind a condition that is not met',
      { serve: (copy) => when(({ opcode }) => opcode === 0, copy) },
    ],
    [
      'for a client of other networks',
      { serve: (copy) => split([{ clients: ['198.51.100.0/24'], serve: copy }]) },
    ],
    ['without a cookie where cookies are required', { responder: { cookies: { required: true } } }],
  ])('%s', async (_, setting) => {
    const it = await world(setting);
    const [reply = Buffer.alloc(0)] = await datagrams(it, [signed(it.client, message()).bytes]);
    expect([readReply(reply).rcode, tsigErrorIn(reply)]).toEqual([Rcode.NotAuth, 17]);
    expect([it.seen, it.copy.counters.forwarded]).toEqual([[], 0]);
    expect(it.responder.counters.snapshot().signatures).toEqual({ verified: 0, failed: 1 });
    await it.sim[Symbol.asyncDispose]();
  });

  test.each<[string, (host: SimHost) => Buffer, number]>([
    [
      'with another algorithm of a key we know',
      (host) => signed(host, message(), tsigKey('ours', 'hmac-sha512', Buffer.alloc(32, 2))).bytes,
      17,
    ],
    [
      'with a wrong MAC of a key we know',
      (host) => signed(host, message(), tsigKey('ours', 'hmac-sha256', Buffer.alloc(32, 3))).bytes,
      16,
    ],
    ['about another zone', (host) => signed(host, message({ name: www })).bytes, 17],
    [
      'as a query',
      (host) =>
        signed(host, buildMessage({ id: 1, question: { name: origin, type: Type.SOA, class: 1 } }))
          .bytes,
      17,
    ],
    [
      'without a zone',
      (host) => signed(host, buildMessage({ id: 1, opcode: Opcode.Update })).bytes,
      17,
    ],
  ])('%s', async (_, packet, error) => {
    const it = await world();
    const [reply = Buffer.alloc(0)] = await datagrams(it, [packet(it.client)]);
    expect([readReply(reply).rcode, tsigErrorIn(reply)]).toEqual([Rcode.NotAuth, error]);
    expect([it.seen, it.copy.counters.forwarded]).toEqual([[], 0]);
    await it.sim[Symbol.asyncDispose]();
  });

  test('by a server that has no copy of it', async () => {
    const it = await world({ serve: () => (query, next) => next(query) });
    const [reply = Buffer.alloc(0)] = await datagrams(it, [signed(it.client, message()).bytes]);
    expect([readReply(reply).rcode, tsigErrorIn(reply)]).toEqual([Rcode.NotAuth, 17]);
    await it.sim[Symbol.asyncDispose]();
  });
});

describe('while it waits for the primary', () => {
  /** The primary answers updates after a second. */
  const slow: DnsHandler = async (query, next) => {
    if (query.opcode === Opcode.Update)
      await new Promise<void>((resolve) => query.reactor.clock.callLater(1000, resolve));
    return next(query);
  };

  test('the same datagram again is not sent on, and gets no reply of its own', async () => {
    const it = await world({ before: [slow] });
    const { bytes } = signed(it.client, message());
    const replies = await datagrams(it, [bytes, bytes, bytes], 3000);
    expect(replies.map((reply) => readReply(reply).rcode)).toEqual([Rcode.NoError]);
    expect(it.seen).toHaveLength(1);
    // Later it is a matter of the primary, which knows it again.
    expect((await datagrams(it, [bytes], 3000)).map((reply) => readReply(reply).rcode)).toEqual([
      0,
    ]);
    expect(it.zone.snapshot.get(www, Type.A)?.records).toHaveLength(1);
    await it.sim[Symbol.asyncDispose]();
  });

  test('the same octets over a stream are SERVFAIL, which is reported once until one arrives', async () => {
    const it = await world({ before: [slow] });
    const client = dnsClient({ reactor: it.client });
    for (let turn = 1; turn <= 2; turn++) {
      const option = { code: EdnsOption.Padding, data: Buffer.alloc(turn) };
      const { bytes } = signed(it.client, message({ options: [option] }));
      const sends = Array.from({ length: 3 }, () => client.forward(bytes, it.copyAt));
      const replies = await Promise.all(sends);
      expect(replies.map(({ rcode }) => rcode)).toEqual([0, 2, 2]);
      expect(it.copyHost.reports.problems).toHaveLength(turn);
    }
    await client.close();
    it.copyHost.reports.problems.length = 0;
    await it.sim[Symbol.asyncDispose]();
  });

  test('others go on, up to a hundred; those that are more are SERVFAIL at once, and not signed', async () => {
    const it = await world({
      copy: { primaries: ['10.99.99.99'] },
      responder: { rateLimit: false },
    });
    const packets = Array.from({ length: 103 }, (_, index) => {
      const option = { code: EdnsOption.Padding, data: Buffer.alloc(index) };
      return signed(it.client, message({ options: [option] })).bytes;
    });
    const replies = await datagrams(it, packets, 1000);
    expect(replies.map((reply) => readReply(reply).rcode)).toEqual([2, 2, 2]);
    expect(replies.map(tsigErrorIn)).toEqual([undefined, undefined, undefined]);
    await it.sim[Symbol.asyncDispose]();
  });

  test('and waits in vain, it is SERVFAIL in ten seconds', async () => {
    const it = await world({ copy: { primaries: ['10.99.99.99'] } });
    const replies = await datagrams(it, [signed(it.client, message()).bytes], 11_000);
    expect(replies.map((reply) => readReply(reply).rcode)).toEqual([Rcode.ServFail]);
    await it.sim[Symbol.asyncDispose]();
  });

  test('in a circle of copies it ends, and is reported once', async () => {
    const sim = createSimReactor({ seed: 7 });
    const hosts = [sim.host('one'), sim.host('two')];
    const [one, two] = hosts as [SimHost, SimHost];
    for (const [host, primary] of [
      [one, two],
      [two, one],
    ] as const) {
      const options = { primaries: [addressOf(primary)], forwardUpdates: ['0.0.0.0/0'] };
      await dnsService(`${addressOf(host)}:53`, secondaryZone('example.net', options)).start(host);
    }
    const it = { sim, client: sim.host('client'), copyAt: addressOf(one) } as World;
    for (let turn = 0; turn < 2; turn++) {
      const replies = await datagrams(it, [signed(it.client, message()).bytes], 1000);
      expect(replies.map((reply) => readReply(reply).rcode)).toEqual([Rcode.ServFail]);
    }
    const problems = hosts.map((host) => host.reports.problems.splice(0));
    expect(problems.map(({ length }) => length)).toEqual([1, 0]);
    await sim[Symbol.asyncDispose]();
  });
});

function tsigErrorIn(reply: Buffer): number | undefined {
  const parsed = parseMessage(reply);
  if ('error' in parsed) throw new Error(parsed.error);
  const { bytes, signatureOffset } = parsed;
  return signatureOffset === undefined ? undefined : readTsig(bytes, signatureOffset)?.error;
}
