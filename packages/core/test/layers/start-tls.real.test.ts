import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { expect, test } from 'vitest';
import { createTestAuthority } from '../../testing/test-certificates.ts';
import { host, TlsRig } from '../node/tls-rig.ts';
import { LineServer } from './start-tls-session.ts';

const authority = createTestAuthority();
const certificate = authority.server('localhost');

test('on a socket, a client of node upgrades; a big answer in clear comes before the handshake', async () => {
  await using rig = new TlsRig();
  const asked: string[] = [];
  const big = 'x'.repeat(4_000_000);
  const port = await rig.listen(() => new LineServer(certificate, asked));
  const raw = connect({ host, port, allowHalfOpen: true });
  let clear = 0;
  raw.write(`${big}\nstarttls\n`);
  const expected = `ok ${big}\nok starttls\n`.length;
  await new Promise<void>((done) => {
    raw.on('data', (chunk: Buffer) => {
      clear += chunk.length;
      // Slowly, so that the server has bytes waiting when it starts TLS.
      raw.pause();
      setImmediate(() => raw.resume());
      if (clear >= expected) done();
    });
  });
  expect(clear).toBe(expected);
  raw.removeAllListeners('data');
  const socket = tlsConnect({ socket: raw, ca: authority.ca, servername: 'localhost' });
  const answer = new Promise<string>((done) => socket.once('data', (data) => done(String(data))));
  socket.write('inside\n');
  expect(await answer).toBe('ok inside\n');
  expect(asked.at(-1)).toBe('secure inside');
  socket.destroy();
});

test.each([1, 7, 100_000])(
  'on a socket, a hello that came with the command is not lost, cut every %i bytes',
  async (size) => {
    await using rig = new TlsRig();
    const asked: string[] = [];
    const port = await rig.listen(() => new LineServer(certificate, asked, true));
    const relayed = connect({ host, port, noDelay: true });
    // Between the two stands somebody who joins the command with the hello, takes the answer out, and cuts the rest.
    const socket = tlsConnect({
      socket: joiner(relayed, size),
      ca: authority.ca,
      servername: 'localhost',
    });
    const answer = new Promise<string>((done) => socket.once('data', (data) => done(String(data))));
    socket.write('inside\n');
    expect(await answer).toBe('ok inside\n');
    expect(asked).toEqual(['clear starttls', 'secure inside']);
    socket.destroy();
    relayed.destroy();
  },
);

function joiner(server: Socket, size: number): Duplex {
  const answer = 'ok starttls\n'.length;
  let skipped = 0;
  let began = false;
  const client = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const bytes = began ? chunk : Buffer.concat([Buffer.from('starttls\n'), chunk]);
      began = true;
      const send = (at: number): void => {
        if (at >= bytes.length) done();
        else server.write(bytes.subarray(at, at + size), () => setImmediate(send, at + size));
      };
      send(0);
    },
  });
  server.on('data', (data: Buffer) => {
    const skip = Math.min(answer - skipped, data.length);
    skipped += skip;
    if (data.length > skip) client.push(data.subarray(skip));
  });
  return client;
}
