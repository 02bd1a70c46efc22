import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { ended, firstLine, startProgram } from './programs/started-program.ts';

// Twenty clients a protocol, each with one request after the other, while the server is replaced ten times.

const host = '127.0.0.1';
const RESTARTS = 10;
const CLIENTS = 20;
/** Nobody waits that long unless an answer was lost. */
const LOST_AFTER_MS = 10_000;
const PAUSE_MS = 5;

/** What the clients have seen. */
class Seen {
  readonly failures: string[] = [];
  readonly servers = new Set<number>();
  answers = { tcp: 0, udp: 0 };
  #waiting: { readonly enough: () => boolean; readonly done: () => void }[] = [];

  answer(kind: 'tcp' | 'udp', text: string): void {
    this.answers[kind] += 1;
    this.servers.add(Number(text.split(' ')[1]));
    this.#look();
  }
  failure(what: string): void {
    this.failures.push(what);
    this.#look();
  }
  /** Settles when `enough` holds, or something went wrong. */
  until(enough: () => boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ enough, done });
      this.#look();
    });
  }
  #look(): void {
    this.#waiting = this.#waiting.filter(({ enough, done }) => {
      const over = this.failures.length > 0 || enough();
      if (over) done();
      return !over;
    });
  }
}

/** One connection, one request. */
function askTcp(port: number, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => reject(new Error('no answer')), LOST_AFTER_MS);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      if (text.startsWith(`${question} `)) resolve(text);
      else reject(new Error(`closed after ${JSON.stringify(text)}`));
    });
    socket.write(`${question}\n`);
  });
}

test('a server is replaced ten times under load, and no request is refused, reset or lost', {
  timeout: 120_000,
}, async () => {
  const seen = new Seen();
  let running = true;
  const first = startProgram('restartable-echo.ts');
  try {
    const [tcp = 0, udp = 0] = (await firstLine(first)).split(' ').map(Number);
    const pause = (): Promise<unknown> => new Promise((done) => setTimeout(done, PAUSE_MS));
    const tcpClient = async (id: number): Promise<void> => {
      for (let count = 0; running; count++) {
        try {
          seen.answer('tcp', await askTcp(tcp, `${id}.${count}`));
        } catch (error) {
          seen.failure(`tcp ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
        }
        await pause();
      }
    };
    const udpClient = async (id: number): Promise<void> => {
      const socket = createSocket('udp4');
      for (let count = 0; running; count++) {
        const question = `${id}.${count}`;
        const signal = AbortSignal.timeout(LOST_AFTER_MS);
        const answer = once(socket, 'message', { signal });
        socket.send(question, udp, host);
        try {
          const text = String((await answer)[0]);
          if (!text.startsWith(`${question} `)) seen.failure(`udp ${text} to ${question}`);
          seen.answer('udp', text);
        } catch (error) {
          seen.failure(`udp ${String(error)}`);
        }
        await pause();
      }
      socket.close();
    };
    const clients = Array.from({ length: CLIENTS }, (_, id) => [tcpClient(id), udpClient(id)]);

    for (let restart = 1; restart <= RESTARTS; restart++) {
      await seen.until(() => seen.servers.size === restart);
      const [newest = 0] = [...seen.servers].slice(-1);
      process.kill(newest, 'SIGHUP');
    }
    await seen.until(() => seen.servers.size === RESTARTS + 1);
    running = false;
    await Promise.all(clients.flat());

    expect(seen.failures).toEqual([]);
    expect(seen.servers.size).toBe(RESTARTS + 1);
    expect(seen.answers.tcp).toBeGreaterThan(RESTARTS * CLIENTS);
    expect(seen.answers.udp).toBeGreaterThan(RESTARTS * CLIENTS);
    expect(await ended(first)).toBe(0);
  } finally {
    running = false;
    for (const pid of seen.servers) kill(pid);
    first.kill('SIGKILL');
  }
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone, as it should.
  }
}
