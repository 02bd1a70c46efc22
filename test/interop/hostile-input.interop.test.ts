import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { SeededRandom } from '@hawser/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DynamicDns, Home, type Ports } from './dynamic-dns.ts';

// A server on the open internet hears anything. It must answer those who ask properly all the while, and keep neither
// memory nor connections of the others.

const PACKETS = 100_000;
const SESSIONS = 5_000;
const MINUTES = 60_000;
/** A leak of one small object a packet would be far more than this. */
const GROWTH_BYTES = 48 * 1024 * 1024;

const queries = [
  // home.dyn.test A, and the same with EDNS, and one with every count set.
  '12340100000100000000000004686f6d650364796e047465737400' + '00010001',
  '12340100000100000000000104686f6d650364796e047465737400' + '00010001' + '0000290fa0000000000000',
  '12340100000100010001000104686f6d650364796e047465737400' +
    '00010001' +
    'c00c00010001000000010004c0000201'.repeat(2) +
    '0000290fa00000000000050064000161',
].map((hex) => Buffer.from(hex, 'hex'));

const openings = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  'POST /nic/update HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<postmaster@dyn.test>\r\nDATA\r\nx\r\n.\r\n',
  'SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14',
  '\x16\x03\x01\x00\x40\x01\0\0\x3c\x03\x03',
].map((text) => Buffer.from(text, 'latin1'));

describe('hostile input', () => {
  const random = new SeededRandom(20_26);
  const home = new Home();
  let server: DynamicDns;
  let resolver: Resolver;

  beforeAll(async () => {
    server = await DynamicDns.start(home);
    resolver = new Resolver({ timeout: 1_000, tries: 5 });
    resolver.setServers([`127.0.0.1:${server.ports.dns}`]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  test(`${PACKETS} mutated packets over UDP`, { timeout: 5 * MINUTES }, async () => {
    const socket = createSocket('udp4');
    const send = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent++) {
        socket.send(mutated(queries, random), server.ports.dns, '127.0.0.1');
        if (sent % 100 === 99) await turn();
        if (sent % 2_000 === 1_999) await expectAnswers();
      }
    };
    await expectFlat(send, PACKETS);
    socket.close();
  });

  test(`${PACKETS} mutated packets over TCP`, { timeout: 5 * MINUTES }, async () => {
    const each = 20;
    const send = (count: number): Promise<void> =>
      inBatches(count / each, async () => {
        const framed = Array.from({ length: each }, () => {
          const packet = mutated(queries, random);
          const length = Buffer.alloc(2);
          length.writeUInt16BE(packet.length);
          return Buffer.concat([length, packet]);
        });
        await converse(server.ports.dns, [Buffer.concat(framed)]);
      });
    await expectFlat(send, PACKETS);
  });

  test.each(['http', 'smtp', 'ssh', 'one'] as const)(
    `${SESSIONS} garbage sessions on the %s port`,
    { timeout: 5 * MINUTES },
    async (name: keyof Ports) => {
      const send = (count: number): Promise<void> =>
        inBatches(count, () => {
          const noise = random.bytes(random.below(1_000) + 1);
          const pieces = random.below(3) === 0 ? [noise] : [mutated(openings, random), noise];
          return converse(server.ports[name], pieces);
        });
      await expectFlat(send, SESSIONS);
    },
  );

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });

  /** A quarter of the work fills the caches and the pools; the rest must add nothing. */
  async function expectFlat(work: (count: number) => Promise<void>, count: number): Promise<void> {
    await work(count / 4);
    const before = residentBytes();
    await work((count * 3) / 4);
    await expectAnswers();
    expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES);
  }

  function residentBytes(): number {
    const status = readFileSync(`/proc/${server.started.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async function inBatches(count: number, session: () => Promise<void>): Promise<void> {
    const batch = 50;
    for (let done = 0; done < count; done += batch) {
      await Promise.all(Array.from({ length: batch }, session));
      if (done % 500 === 0) await expectAnswers();
    }
  }

  /** Everything a good client may ask, on every port. */
  async function expectAnswers(): Promise<void> {
    const { http, smtp, ssh, one } = server.ports;
    expect(await resolver.resolve4('ns1.dyn.test')).toEqual(['127.0.0.1']);
    for (const port of [http, one]) {
      const response = await fetch(`http://127.0.0.1:${port}/zone`);
      expect(await response.json()).toMatchObject({ zone: 'dyn.test' });
    }
    for (const port of [smtp, one]) expect(await greeting(port)).toMatch(/^220 /);
    expect(await greeting(ssh)).toMatch(/^SSH-2\.0-/);
  }
});

/** One of `originals` with up to eight octets changed, cut or grown. */
function mutated(originals: readonly Buffer[], random: SeededRandom): Buffer {
  const original = originals[random.below(originals.length)] ?? Buffer.alloc(0);
  const bytes = Buffer.from(original);
  for (let changes = random.below(8) + 1; changes > 0; changes--) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  const shape = random.below(4);
  if (shape === 0) return bytes.subarray(0, random.below(bytes.length + 1));
  if (shape === 1) return Buffer.concat([bytes, random.bytes(random.below(200))]);
  return bytes;
}

/** Sends the pieces, ends or breaks off, and waits until the server has let go. */
async function converse(port: number, pieces: readonly Buffer[]): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) socket.write(piece);
  socket.end();
  const impatience = setTimeout(() => socket.destroy(), 1_000);
  await closed;
  clearTimeout(impatience);
}

async function greeting(port: number): Promise<string> {
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString('latin1');
}
