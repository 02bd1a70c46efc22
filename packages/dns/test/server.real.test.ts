import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createNodeReactor } from '@hawser/core';
import { afterEach, expect, test } from 'vitest';
import type { Authority } from '../src/contract/handler.ts';
import { dynamic } from '../src/handlers/dynamic.ts';
import { type DnsService, dnsService } from '../src/server.ts';
import { dynamicZone } from '../src/store/open-dynamic-zone.ts';
import { framed, opt, query } from './build.ts';
import { readReply } from './read-reply.ts';

const started: DnsService[] = [];
afterEach(async () => {
  for (const service of started.splice(0)) await service.stop();
});

async function start(...zones: Authority[]) {
  const service = dnsService('127.0.0.1:0', zones);
  await service.start(createNodeReactor());
  started.push(service);
  return { service, port: service.address?.port ?? 0 };
}

function overUdp(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.on('message', (reply) => socket.close(() => resolve(reply)));
    socket.send(message, port, '127.0.0.1');
  });
}

function overTcp(port: number, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.end(framed(message)));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).subarray(2)));
  });
}

test('a change is seen at once over UDP and TCP of one port', async () => {
  const zone = await dynamicZone('example.net');
  const { port, service } = await start(zone);
  expect(service.describe?.().join('\n')).toContain(`127.0.0.1:${port}`);
  expect(readReply(await overUdp(port, query('home.example.net'))).rcode).toBe(3);
  await zone.set('home', 'A', '192.0.2.7');
  const answer = ['home.example.net 60 A 192.0.2.7'];
  expect(readReply(await overUdp(port, query('home.example.net')))).toMatchObject({
    aa: true,
    answer,
  });
  expect(readReply(await overTcp(port, query('home.example.net')))).toMatchObject({
    aa: true,
    answer,
  });
});

test('what is too long for UDP is whole over TCP', async () => {
  const zone = await dynamicZone('example.net');
  await zone.set(
    'many',
    'A',
    Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`),
  );
  const { port } = await start(zone);
  const message = query('many.example.net', 1, { additionals: [opt({ size: 4096 })] });
  expect(readReply(await overUdp(port, message))).toMatchObject({ tc: true, answer: [] });
  expect(readReply(await overTcp(port, message)).answer).toHaveLength(200);
});

test('rubbish does no harm', async () => {
  const { port } = await start(await dynamicZone('example.net'));
  const socket = createSocket('udp4');
  for (let length = 0; length < 100; length++)
    socket.send(Buffer.alloc(length, length), port, '127.0.0.1');
  await new Promise<void>((resolve) =>
    socket.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'), port, '127.0.0.1', () => resolve()),
  );
  socket.close();
  // Long enough for a header: FORMERR, and the connection is closed.
  expect(readReply(await overTcp(port, Buffer.from('GET / HTTP/1.1'))).rcode).toBe(1);
  expect(await overTcp(port, Buffer.from('hello'))).toHaveLength(0);
  expect(readReply(await overUdp(port, query('example.net', 6))).answer).toHaveLength(1);
});

test('a drain waits for answers that are being made, and a port in use is an error', async () => {
  let answer: (() => void) | undefined;
  let asked: (() => void) | undefined;
  const asking = new Promise<void>((resolve) => (asked = resolve));
  const zone = dynamic('example.net', {
    resolve: () =>
      new Promise((resolve) => {
        answer = () => resolve({ A: '192.0.2.7' });
        asked?.();
      }),
  });
  const { port, service } = await start(zone);
  const other = dnsService(`127.0.0.1:${port}`, zone);
  await expect(other.start(createNodeReactor())).rejects.toMatchObject({
    code: 'HAWSER_ADDRESS_IN_USE',
    exitCode: 69,
  });
  const reply = overUdp(port, query('x.example.net'));
  await asking;
  await service.quiesce?.();
  const drained = service.drain?.(Number.MAX_SAFE_INTEGER);
  answer?.();
  expect(readReply(await reply).answer).toHaveLength(1);
  expect((await drained)?.['dns/udp']).toEqual({ finished: 1, aborted: 0 });
});

test.each(['', 'x', ':', ':99999', '127.0.0.1', 'http://x:80', '[::1]', ':53/x'])(
  'cannot listen on %j',
  async (where) => {
    const zone = await dynamicZone('example.net');
    expect(() => dnsService(where, zone)).toThrow(
      expect.objectContaining({ code: 'HAWSER_DNS_OPTIONS' }),
    );
  },
);
