import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
} from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer, succeed } from './http-server.ts';
import { interop } from './peer.ts';
import { type Started, start } from './started.ts';

// Attackers that hold connections open with next to nothing. The server, whose deadlines are short here, must end each of
// their connections by itself, and answer those who ask properly all the while, in the same memory.

const MINUTE = 60_000;
const CONNECTIONS = 200;
/** Buffers of so many connections, and what a heap grows by; what is kept for each attack would be more after a few. */
const GROWTH_BYTES = 96 * 1024 * 1024;
/** How long slowhttptest would go on if nobody ended its connections, in seconds. */
const ENDURANCE = 120;

describe('slow attacks', { timeout: 4 * MINUTE }, () => {
  let server: HttpServer;
  let before: number;

  beforeAll(async () => {
    server = await HttpServer.start({
      headTimeoutMs: 2_000,
      requestTimeoutMs: 3_000,
      sendTimeoutMs: 2_000,
      keepAliveTimeoutMs: 2_000,
    });
    await succeed('curl', ['-sSk', ...repeated(`${server.plain}/hello`, 200)]);
    await succeed('curl', ['-sSk', ...repeated(`${server.secure}/hello`, 200)]);
    before = server.residentBytes;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describe.each(['plain', 'secure'] as const)('%s', (how) => {
    interop('slow heads are ended', ['slowhttptest', 'curl'], async () => {
      await using attacker = await attack(how, '/hello', ['-H', '-i', '1']);
      expect((await attacker.ended).stdout).toContain('No open connections left');
    });

    interop('slow bodies are ended', ['slowhttptest', 'curl'], async () => {
      await using attacker = await attack(how, '/count', ['-B', '-i', '1', '-s', '100000']);
      expect((await attacker.ended).stdout).toContain('No open connections left');
    });

    interop('slow readers are cut off', ['slowhttptest', 'curl'], async () => {
      const flags = ['-X', '-k', '3', '-n', '1', '-z', '5', '-w', '64', '-y', '256'];
      // It does not notice: it goes on reading what the kernel has for it.
      await using _ = await attack(how, '/flood?bytes=100000000', flags);
    });

    interop('thousands of ranges are refused', ['slowhttptest', 'curl'], async () => {
      const what = ['-R', '-a', '5', '-b', '2000', '-t', 'GET'];
      const flags = [...what, '-c', `${CONNECTIONS}`, '-r', '50', '-l', `${ENDURANCE}`];
      const url = `${server[how]}/files/lines.txt`;
      await using attacker = start('slowhttptest', [...flags, '-u', url]);
      let over = false;
      void attacker.ended.then(() => {
        over = true;
      });
      // Each is answered at once, so that there is no crowd to wait for.
      while (!over) await expectService(how);
      expect((await attacker.ended).stdout).toContain('No open connections left');
    });
  });

  // No program just stays.
  describe.each(['plain', 'secure'] as const)('%s', (how) => {
    test.each([
      ['nothing', ''],
      ['half of a request', 'POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx'],
      ['one request', 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'],
    ])('connections on which %s is said are ended', async (_, said) => {
      let open = CONNECTIONS;
      for (let n = open; n > 0; n--) {
        const socket = openSocket(server.ports[how], how);
        socket.on('error', () => undefined).once('close', () => open--);
        socket.resume().write(said);
      }
      while (open > 0) await expectService(how);
    });
  });

  // Nor does any do this over HTTP/2.
  describe.each(['plain', 'secure'] as const)('HTTP/2, %s', (how) => {
    test.each([
      ['nothing is asked', () => undefined],
      [
        'no window is ever opened',
        (session) => session.request({ ':path': '/flood?bytes=1000000' }),
      ],
      [
        'no body ever comes',
        (session) => session.request({ ':path': '/count', ':method': 'POST' }),
      ],
    ] as [string, (session: ClientHttp2Session) => ClientHttp2Stream | undefined][])(
      '%s',
      async (_, ask) => {
        const settings = { initialWindowSize: 0 };
        let open = CONNECTIONS / 4;
        for (let n = open; n > 0; n--) {
          const session = connectHttp2(server[how], { settings, rejectUnauthorized: false });
          // They end by the close that follows.
          session.on('error', () => undefined).once('close', () => open--);
          for (let streams = 0; streams < 5; streams++) ask(session)?.on('error', () => undefined);
        }
        while (open > 0) await expectService(how);
        expect(server.residentBytes - before).toBeLessThan(GROWTH_BYTES);
      },
    );
  });

  test('nothing was reported as a problem of ours', () => {
    expect(server.started.stderr).toBe('');
  });

  /** Begins an attack, and asks what is allowed until the server has ended all connections of it. */
  async function attack(
    how: 'plain' | 'secure',
    path: string,
    flags: readonly string[],
  ): Promise<Started> {
    const connections = ['-c', `${CONNECTIONS}`, '-r', `${CONNECTIONS}`, '-l', `${ENDURANCE}`];
    const url = `${server[how]}${path}`;
    const attacker = start('slowhttptest', [...flags, ...connections, '-p', '60', '-u', url]);
    let over = false;
    void attacker.ended.then(() => {
      over = true;
    });
    try {
      let most = 0;
      for (let open = 1; !over && (open > 0 || most < CONNECTIONS / 4); ) {
        await expectService(how);
        open = server.openConnections(how);
        most = Math.max(most, open);
      }
      // There was an attack, and it was not the attacker who ended it.
      expect(most).toBeGreaterThanOrEqual(CONNECTIONS / 4);
      expect(attacker.stdout).not.toContain('Hit test time limit');
    } catch (error) {
      await attacker.kill('SIGKILL');
      throw error;
    }
    return attacker;
  }

  async function expectService(how: 'plain' | 'secure'): Promise<void> {
    const { stdout } = await succeed('curl', ['-sSk', '-m', '60', `${server[how]}/hello`]);
    expect(stdout).toBe('hello\n');
    expect(server.residentBytes - before).toBeLessThan(GROWTH_BYTES);
  }
});

function openSocket(port: number, how: 'plain' | 'secure'): Socket {
  return how === 'plain'
    ? connect(port, '127.0.0.1')
    : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
}

function repeated(url: string, times: number): string[] {
  return Array.from({ length: times }, () => url);
}
