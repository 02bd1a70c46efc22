import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { AnswerStream, Outcome } from '../../src/contract/answer.ts';
import type { DnsHandler } from '../../src/contract/handler.ts';
import { readMessage, recordsOf } from '../../src/message/reader.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { Responder } from '../../src/server/responder.ts';
import { DnsStreamProtocol } from '../../src/server/stream.ts';
import { tsigKey } from '../../src/tsig/key.ts';
import { signTsigRequest } from '../../src/tsig/sign.ts';
import { TsigStreamVerifier } from '../../src/tsig/tsig-stream.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset, type RRset } from '../../src/zone/rrset.ts';
import { framed, opt, query } from '../build.ts';
import { readReply } from '../read-reply.ts';

const zone = newZone(Name.parse('example.net'));
const key = tsigKey('k', 'hmac-sha256', Buffer.alloc(32, 7));

/** Records of some size, and what became of them. */
class Transfer implements AnswerStream {
  readonly kind = 'stream';
  readonly ends: (Error | undefined)[] = [];
  taken = 0;
  returned = false;
  readonly #count: number;
  readonly #fails: boolean;

  constructor(count: number, fails = false) {
    this.#count = count;
    this.#fails = fails;
  }

  get rrsets(): Iterable<RRset> {
    return this.#records();
  }

  ended(failure?: Error): void {
    this.ends.push(failure);
  }

  *#records(): Generator<RRset, void, undefined> {
    try {
      for (; this.taken < this.#count; this.taken++) {
        if (this.#fails && this.taken === 5) throw new Error('the journal is gone');
        yield createRRset(Name.parse(`n${this.taken}.example.net`), Type.TXT, {
          ttl: 60,
          values: [['x'.repeat(200)]],
        });
      }
    } finally {
      this.returned = true;
    }
  }
}

function serve(outcome: Outcome, options = {}) {
  const handler: DnsHandler = (asked, next) => (asked.type === Type.AXFR ? outcome : next(asked));
  const responder = new Responder([handler, zone], options);
  const reactor = createTestReactor();
  void responder.start(reactor);
  const transport = new FakeTransport({ reactor });
  transport.start(new DnsStreamProtocol(responder));
  return { transport, responder, reactor };
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
    frames.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)));
  }
  return frames;
}

const axfr = query('example.net', Type.AXFR, { id: 7 });

async function takeAll(transport: FakeTransport): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for (let turn = 0; turn < 100; turn++) {
    await transport.settle();
    frames.push(...framesOf(transport.take()));
  }
  return frames;
}

test('the question is in the first message only, id and AA in all, and no record is missing', async () => {
  const transfer = new Transfer(500);
  const { transport } = serve(transfer);
  transport.receive(framed(query('example.net', Type.AXFR, { id: 7, additionals: [opt()] })));
  const messages = await takeAll(transport);
  expect(messages.length).toBeGreaterThan(2);
  const replies = messages.map((bytes) => readReply(bytes));
  expect(replies.map(({ counts }) => counts[0])).toEqual(
    replies.map((_, index) => (index ? 0 : 1)),
  );
  expect(replies.map(({ edns }) => edns !== undefined)).toEqual(replies.map((_, at) => at === 0));
  expect(replies.every(({ id, aa, rcode, tc }) => id === 7 && aa && rcode === 0 && !tc)).toBe(true);
  const owners = replies.flatMap(({ answer }) => answer.map((line) => line.split(' ')[0]));
  expect(owners).toEqual(Array.from({ length: 500 }, (_, index) => `n${index}.example.net`));
  expect(messages.slice(0, -1).every(({ length }) => length >= 0x4000 && length < 0x5000)).toBe(
    true,
  );
  expect(transfer.ends).toEqual([undefined]);
});

test('names are compressed in every message', async () => {
  const { transport } = serve(new Transfer(100));
  transport.receive(framed(axfr));
  for (const message of await takeAll(transport)) {
    expect(message.toString('latin1').split('example').length).toBe(2);
  }
});

test('records are taken when the client has room for them', async () => {
  const transfer = new Transfer(100_000);
  const { transport } = serve(transfer);
  transport.stall();
  transport.receive(framed(axfr));
  await transport.settle();
  const taken = transfer.taken;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(2000);
  transport.drained();
  await transport.settle();
  expect(transfer.taken).toBeGreaterThan(taken);
});

test('other queries of the connection are answered in between', async () => {
  const { transport } = serve(new Transfer(2000));
  transport.stall();
  transport.receive(framed(axfr));
  await transport.settle();
  transport.receive(framed(query('example.net', Type.SOA, { id: 8 })));
  transport.drained();
  const ids = (await takeAll(transport)).map((bytes) => bytes.readUInt16BE(0));
  expect(ids).toContain(8);
  expect(ids.at(-1)).toBe(7);
});

test('when the client goes, the records are given back', async () => {
  const transfer = new Transfer(100_000);
  const { transport } = serve(transfer);
  transport.stall();
  transport.receive(framed(axfr));
  await transport.settle();
  transport.abort();
  await transport.settle();
  expect(transfer.returned).toBe(true);
  expect(transfer.ends).toEqual([expect.objectContaining({ code: 'HAWSER_CLOSED' })]);
});

test('a failure in the middle ends the connection, as nobody must take a part for the whole', async () => {
  const transfer = new Transfer(500, true);
  const { transport, reactor } = serve(transfer);
  transport.receive(framed(axfr));
  await transport.settle();
  expect(transport.closedWith).toBeDefined();
  expect(transfer.ends).toMatchObject([{ message: 'the journal is gone' }]);
  expect(reactor.reports.problems).toMatchObject([{ where: 'dns.transfer' }]);
});

test('every message of a signed transfer is signed', async () => {
  const { transport, reactor } = serve(new Transfer(500), { keys: [key] });
  const nowSeconds = reactor.clock.epoch() / 1000;
  const request = signTsigRequest(axfr, { key, nowSeconds });
  transport.receive(framed(request.bytes));
  const verifier = new TsigStreamVerifier({ key, requestMac: request.mac });
  const messages = await takeAll(transport);
  expect(messages.length).toBeGreaterThan(2);
  for (const bytes of messages) {
    const reading = readMessage(bytes);
    if (!reading.ok) throw new Error('malformed');
    expect(verifier.take(reading.message, nowSeconds).kind).toBe('verified');
    expect([...recordsOf(reading.message, 'additional')].at(-1)?.type).toBe(Type.TSIG);
  }
  expect(verifier.complete).toBe(true);
});

test('over UDP many messages are a mistake of the handler', () => {
  const transfer = new Transfer(5);
  const responder = new Responder([() => transfer]);
  const reactor = createTestReactor();
  void responder.start(reactor);
  const reply = responder.respond(query('example.net', Type.IXFR), {
    transport: 'udp',
    client: { kind: 'udp', host: '192.0.2.1', port: 4000, family: 4 },
  });
  expect(readReply(reply as Buffer).rcode).toBe(Rcode.ServFail);
  expect(transfer.ends).toMatchObject([{ code: 'HAWSER_DNS_OPTIONS' }]);
  expect(reactor.reports.problems).toHaveLength(1);
});
