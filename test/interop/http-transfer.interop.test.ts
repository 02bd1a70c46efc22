import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer, succeed } from './http-server.ts';
import { interop } from './peer.ts';
import { startExample } from './started.ts';

// What is larger than the memory of most machines goes through both ways, in the same memory; and who stalls holds up whoever
// sends to them, not the memory in between.

const MINUTE = 60_000;
/** `HAWSER_TRANSFER_BYTES=5e9` for the whole truth; what is kept of each piece shows with a tenth of it. */
const BYTES = Number(process.env['HAWSER_TRANSFER_BYTES'] ?? 512 * 2 ** 20);
const GROWTH_BYTES = 150 * 2 ** 20;
/** What buffers of kernels and streams may take in before a stall shows. */
const SLACK_BYTES = 64 * 2 ** 20;

describe('large bodies', { timeout: 20 * MINUTE }, () => {
  let server: HttpServer;

  beforeAll(async () => {
    server = await HttpServer.start({ requestTimeoutMs: 60 * MINUTE });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test(`${BYTES} octets up and down by our client`, async () => {
    const flat = watchMemory();
    const url = server.plain;
    await using client = startExample('test/interop/http-transfer-main.ts', [url, `${BYTES}`]);
    const { code, stdout, stderr } = await client.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { uploaded, downloaded, grownBytes } = JSON.parse(stdout) as Record<string, number>;
    expect({ uploaded, downloaded }).toEqual({ uploaded: BYTES, downloaded: BYTES });
    expect(grownBytes).toBeLessThan(GROWTH_BYTES);
    flat();
  });

  describe.each([
    ['HTTP/1.1', '--http1.1', 'plain'],
    ['HTTP/1.1 over TLS', '--http1.1', 'secure'],
    ['HTTP/2', '--http2', 'secure'],
  ] as const)('%s', (_, version, how) => {
    interop(`${BYTES} octets up and down by curl`, ['curl'], async () => {
      const flat = watchMemory();
      const curl = ['-sSk', version, '--max-time', '1200'];
      const url = `${server[how]}/flood?bytes=${BYTES}`;
      const down = await succeed('curl', [
        ...curl,
        '-o',
        '/dev/null',
        '-w',
        '%{size_download}',
        url,
      ]);
      expect(down.stdout).toBe(`${BYTES}`);
      const up = [...curl, '-T', '-', '-X', 'POST', '-H', 'Expect:', `${server[how]}/count`];
      const script = `head -c ${BYTES} /dev/zero | curl "$@"`;
      const { stdout } = await succeed('sh', ['-c', script, 'curl', ...up]);
      expect(JSON.parse(stdout)).toEqual({ bytes: BYTES });
      flat();
    });
  });

  test.each([
    ['HTTP/1.1', () => askHttp1(connect(server.ports.plain, '127.0.0.1'))],
    [
      'HTTP/1.1 over TLS',
      () => askHttp1(connectTls({ port: server.ports.secure, rejectUnauthorized: false })),
    ],
    ['HTTP/2', () => askHttp2(server.secure)],
  ] as const)('a reader that stalls stops who writes: %s', async (_, ask) => {
    const before = await produced();
    using answer = ask();
    await once(answer.body, 'data');
    answer.body.pause();
    const stalled = await settled(produced);
    expect(stalled - before).toBeLessThan(SLACK_BYTES);
    // It goes on with the reader.
    answer.body.resume();
    await expect.poll(produced, { timeout: MINUTE }).toBeGreaterThan(stalled + 2 * SLACK_BYTES);
  });

  test('a server that does not read stops who uploads', async () => {
    const socket = connect(server.ports.plain, '127.0.0.1');
    const bytes = 4 * SLACK_BYTES;
    const head = `POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`;
    socket.write(head);
    const piece = Buffer.alloc(65_536);
    let left = bytes;
    const send = (): void => {
      while (left > 0) {
        left -= piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', send);
    send();
    await settled(() => Promise.resolve(left));
    expect(bytes - left).toBeLessThan(SLACK_BYTES);
    expect(left).toBeGreaterThan(0);

    await fetch(`${server.plain}/release`, { method: 'POST' });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    await expect.poll(() => answer, { timeout: MINUTE }).toContain(`{"bytes":${bytes}}`);
    expect(left).toBe(0);
    socket.destroy();
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });

  /** Gives what to call when it is over: until then the server must not have grown. */
  function watchMemory(): () => void {
    const before = server.residentBytes;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, server.residentBytes);
    }, 100);
    return () => {
      clearInterval(watch);
      expect(most - before).toBeLessThan(GROWTH_BYTES);
    };
  }

  async function produced(): Promise<number> {
    const response = await fetch(`${server.plain}/produced`);
    return ((await response.json()) as { produced: number }).produced;
  }
});

interface OpenAnswer extends Disposable {
  readonly body: Readable;
}

const ENDLESS = '/flood?bytes=1000000000000';

function askHttp1(socket: Socket): OpenAnswer {
  socket.write(`GET ${ENDLESS} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return { body: socket, [Symbol.dispose]: () => void socket.destroy() };
}

function askHttp2(url: string): OpenAnswer {
  const session = connectHttp2(url, { rejectUnauthorized: false });
  const body = session.request({ ':path': ENDLESS });
  // The session is torn down with the stream open.
  body.on('error', () => undefined);
  return { body, [Symbol.dispose]: () => session.destroy() };
}

/** What `value` gives once it has stopped changing. */
async function settled(value: () => Promise<number>): Promise<number> {
  let before = await value();
  for (let same = 0; same < 5; ) {
    await wait(300);
    const now = await value();
    same = now === before ? same + 1 : 0;
    before = now;
  }
  return before;
}
