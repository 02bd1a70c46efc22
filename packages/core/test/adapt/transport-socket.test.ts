import { expect, test } from 'vitest';
import { TransportSocket } from '../../src/adapt/transport-socket.ts';
import { TLS } from '../../src/connection/info-keys.ts';
import type { InfoKey } from '../../src/contract/info.ts';
import type { TlsInfo } from '../../src/contract/tls.ts';
import { FakeTransport } from '../../testing/fake-transport.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

test('where there is TLS below, it knows what a TLSSocket knows', () => {
  const certificate = { subject: 'x' };
  const facts = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: 'h2',
    serverName: 'a.example',
    authorized: true,
    peerCertificate: () => certificate,
  } as unknown as TlsInfo;
  const info = new Map<InfoKey<unknown>, unknown>([[TLS, facts]]);
  expect(new TransportSocket(new FakeTransport({ info }))).toMatchObject({
    encrypted: true,
    authorized: true,
    alpnProtocol: 'h2',
    servername: 'a.example',
  });
  const socket = new TransportSocket(new FakeTransport({ info }));
  expect([socket.getProtocol(), socket.getPeerCertificate()]).toEqual(['TLSv1.3', certificate]);
});

test('where there is none, it says so', () => {
  const socket = new TransportSocket(new FakeTransport());
  expect([socket.encrypted, socket.authorized, socket.alpnProtocol, socket.servername]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([socket.getProtocol(), socket.getPeerCertificate()]).toEqual([null, {}]);
});

test('what has left is told apart from what was written', async () => {
  const transport = new FakeTransport();
  const socket = new TransportSocket(transport);
  transport.start(socket.protocol);
  transport.stall();
  socket.write('pending');
  await transport.settle();
  expect([socket.bytesWritten, socket.takenBytes]).toEqual([7, 0]);
  transport.drained();
  expect(socket.takenBytes).toBe(7);
});

test('a socket that is gone waits for nothing', async () => {
  const reactor = createTestReactor();
  const transport = new FakeTransport({ reactor });
  const socket = new TransportSocket(transport);
  transport.start(socket.protocol);
  socket.setTimeout(1_000).destroy();
  await transport.settle();
  socket.setTimeout(1_000);
  expect(reactor.clock.timers).toBe(0);
});

test('a write that waits fails before the socket says so and closes', async () => {
  const transport = new FakeTransport({ highWaterMark: 10 });
  const socket = new TransportSocket(transport);
  transport.start(socket.protocol);
  transport.stall();
  const seen: string[] = [];
  for (const event of ['error', 'close']) socket.on(event, () => seen.push(event));
  socket.write(Buffer.alloc(100), (error) => seen.push(`write ${String(error?.message)}`));
  transport.lose(new Error('gone'));
  await transport.settle();
  expect(seen).toEqual([expect.stringContaining('write '), 'error', 'close']);
});

test('piped into itself it is an echo that waits for its peer', async () => {
  const transport = new FakeTransport({ highWaterMark: 10 });
  const socket = new TransportSocket(transport);
  transport.start(socket.protocol);
  socket.pipe(socket);
  for (let i = 0; i < 20; i++) transport.receive('0123456789');
  transport.receiveEnd();
  await transport.settle();
  expect(transport.takeText()).toBe('0123456789'.repeat(20));
  expect(transport.wireState).toBe('ended');
});
