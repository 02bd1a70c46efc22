import { chunkings } from '@hawser/core/testing';
import ssh2, { type Client } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { authorizedKeys, password, type Session, type SshOptions } from '../src/index.ts';
import { sendRaw, uint32 } from './raw-client.ts';
import {
  exec,
  login,
  openExec,
  openShell,
  outcome,
  testServer,
  until,
  usableKey,
  type World,
} from './world.ts';

type MakeWorld = (factory: ReturnType<typeof testServer>) => World | Promise<World>;

/** What the server does for a client, whatever is below it. */
export function serverSuite(makeWorld: MakeWorld): void {
  const worlds: World[] = [];
  const clients: Client[] = [];

  async function serve<Identity>(options: Partial<SshOptions<Identity>> = {}): Promise<World> {
    const world = await makeWorld(testServer(options));
    worlds.push(world);
    return world;
  }
  async function enter(world: World, config: Parameters<typeof login>[1] = {}): Promise<Client> {
    const client = await login(world, config);
    clients.push(client);
    return client;
  }
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const world of worlds.splice(0)) await world.end();
  });

  describe('sessions', () => {
    test('a command gets its text, its user and its environment, and gives output and status', async () => {
      const world = await serve({
        async session(session) {
          await session.write(
            `${session.user} runs ${session.command} in ${session.env['LANG']}\n`,
          );
          await session.stderr.write('careful\n');
          return 7;
        },
      });
      const client = await enter(world);
      const channel = await openExec(client, 'list --all', { env: { LANG: 'C.UTF-8' } });
      expect(await outcome(channel)).toEqual({
        stdout: 'ops runs list --all in C.UTF-8\n',
        stderr: 'careful\n',
        status: 7,
      });
      expect(world.reports.problems).toEqual([]);
    });

    test('a session without a status exits with 0', async () => {
      const world = await serve({ session: () => undefined });
      expect((await exec(await enter(world), 'x')).status).toBe(0);
    });

    test('input arrives in lines, with a last one that has no end', async () => {
      const world = await serve({ session: shout });
      const client = await enter(world);
      expect((await exec(client, 'x', 'one\r\ntwo\nthree')).stdout).toBe('ONE\nTWO\nTHREE\n');
    });

    test('input arrives in bytes, more than a window of it', async () => {
      const world = await serve({
        async session(session) {
          let count = 0;
          for await (const chunk of session.stdin) count += chunk.length;
          await session.write(String(count));
        },
      });
      const client = await enter(world);
      expect((await exec(client, 'x', 'x'.repeat(5_000_000))).stdout).toBe('5000000');
    });

    test('output arrives whole and in order, more than a window of it, on both streams', async () => {
      const line = `${'x'.repeat(99)}\n`;
      const world = await serve({
        async session(session) {
          for (let i = 0; i < 60; i++) {
            await session.write(line.repeat(1000));
            await session.stderr.write(line.repeat(100));
          }
        },
      });
      const done = await exec(await enter(world), 'x');
      expect(done.stdout.length).toBe(6_000_000);
      expect(done.stderr.length).toBe(600_000);
      expect(new Set(`${done.stdout}${done.stderr}`.trimEnd().split('\n')).size).toBe(1);
    });

    test('a client that does not read stops the session, whatever window it opened', async () => {
      let written = 0;
      const world = await serve({
        async session(session) {
          for (;;) {
            await session.write(Buffer.alloc(65_536));
            written += 65_536;
          }
        },
      });
      const sock = await world.open();
      const client = await enter(world, { sock: sock as never });
      client.on('error', () => undefined);
      const channel = await openExec(client, 'x');
      const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing;
      // CHANNEL_WINDOW_ADJUST by 2 GiB.
      sendRaw(client, Buffer.concat([Uint8Array.of(93), uint32(id), uint32(2 ** 31)]));
      sock.pause();
      let before = -1;
      for (let quiet = 0; quiet < 200; quiet = written === before ? quiet + 1 : 0) {
        before = written;
        await new Promise((resolve) => setImmediate(resolve));
      }
      // What the kernel and the client hold, and not 2 GiB.
      expect(written).toBeLessThan(64 * 1024 * 1024);
      sock.destroy();
      await until(() => world.closed.length === 1);
      expect(world.reports.problems).toEqual([]);
    });

    test('writes that nobody awaits arrive before the end', async () => {
      const world = await serve({
        session(session) {
          for (let i = 0; i < 100; i++) void session.write(`${i}\n`);
        },
      });
      const lines = (await exec(await enter(world), 'x')).stdout.trimEnd().split('\n');
      expect(lines).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    });

    test('a throw is reported and exits with 1, and the client does not hear what it was', async () => {
      const world = await serve({
        session() {
          throw new Error('the password of the database is x');
        },
      });
      const client = await enter(world);
      expect(await exec(client, 'x')).toEqual({
        stdout: '',
        stderr: 'internal error\n',
        status: 1,
      });
      expect(world.reports.problems).toMatchObject([{ where: 'ssh.session' }]);
      // The connection goes on.
      expect((await exec(client, 'x')).status).toBe(1);
    });

    test('a line over the limit ends the session with a message, without a report', async () => {
      const world = await serve({ session: shout });
      const done = await exec(await enter(world), 'x', 'y'.repeat(200));
      expect(done).toMatchObject({ status: 1, stderr: expect.stringContaining('100 characters') });
      expect(world.reports.problems).toEqual([]);
    });

    test('a shell without a terminal reads lines and shows no prompt', async () => {
      const world = await serve({ session: shout });
      const channel = await openShell(await enter(world), false);
      channel.end('hello\n');
      expect((await outcome(channel)).stdout).toBe('HELLO\n');
    });

    test('a shell on a terminal echoes, edits and prompts', async () => {
      const world = await serve({ session: shout });
      const channel = await openShell(await enter(world), { term: 'vt100', cols: 90, rows: 30 });
      const done = outcome(channel);
      channel.write('helk\x7flo\rdrop\x03bye\r\x04');
      expect((await done).stdout).toBe(
        '> helk\b \blo\r\nHELLO\r\n> drop^C\r\n> bye\r\nBYE\r\n> \r\n',
      );
    });

    test('a terminal tells its size and its changes', async () => {
      const world = await serve({
        async session({ pty }) {
          if (!pty) return 1;
          const before = [pty.term, pty.columns, pty.rows].join();
          await new Promise<void>((resolve) => {
            pty.onResize(resolve);
          });
          return before === 'vt100,90,30' && pty.columns === 120 && pty.rows === 40 ? 0 : 2;
        },
      });
      const channel = await openShell(await enter(world), { term: 'vt100', cols: 90, rows: 30 });
      const done = outcome(channel);
      channel.setWindow(40, 120, 0, 0);
      expect((await done).status).toBe(0);
    });

    test('the signal is aborted when the client closes the channel', async () => {
      let aborted = false;
      const world = await serve({
        async session(_session, signal) {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          aborted = true;
        },
      });
      const channel = await openExec(await enter(world), 'x');
      channel.close();
      await until(() => aborted);
      expect(aborted).toBe(true);
    });

    test('the signal is aborted, reading ends and writing throws when the client vanishes', async () => {
      const seen: unknown[] = [];
      const world = await serve({
        async session(session, signal) {
          for await (const chunk of session.stdin) seen.push(chunk);
          seen.push(signal.aborted);
          await session.write('x').catch((error: { code: string }) => seen.push(error.code));
          await session.write('x');
        },
      });
      const sock = await world.open();
      const client = await enter(world, { sock });
      await openExec(client, 'x');
      client.on('error', () => undefined);
      sock.destroy();
      await until(() => seen.length === 2);
      expect(seen).toEqual([true, 'HAWSER_CLOSED']);
      await until(() => world.closed.length === 1);
      expect(world.reports.problems).toEqual([]);
    });

    test('one session that throws leaves those beside it alone', async () => {
      const world = await serve({
        async session(session) {
          if (session.command === 'bad') throw new Error('bad');
          for await (const line of session.lines({ max: 100 })) await session.write(`${line}!`);
        },
      });
      const client = await enter(world);
      const good = await openExec(client, 'good');
      expect((await exec(client, 'bad')).status).toBe(1);
      good.end('still here\n');
      expect((await outcome(good)).stdout).toBe('still here!');
    });

    test('sessions over the limit of a connection are refused, and places become free', async () => {
      const world = await serve({ session: shout, maxChannels: 2 });
      const client = await enter(world);
      const first = await openExec(client, 'x');
      await openExec(client, 'x');
      await expect(openExec(client, 'x')).rejects.toMatchObject({ reason: 4 });
      first.end();
      await outcome(first);
      expect((await exec(client, 'x', 'again\n')).stdout).toBe('AGAIN\n');
    });

    test('forwarding, subsystems and listening are refused', async () => {
      const world = await serve();
      const client = await enter(world);
      await expect(
        new Promise((resolve, reject) =>
          client.forwardOut('127.0.0.1', 1, '127.0.0.1', 2, (error) =>
            error ? reject(error) : resolve(1),
          ),
        ),
      ).rejects.toMatchObject({ reason: 1 });
      await expect(
        new Promise((resolve, reject) =>
          client.sftp((error) => (error ? reject(error) : resolve(1))),
        ),
      ).rejects.toThrow('sftp');
      await expect(
        new Promise((resolve, reject) =>
          client.forwardIn('127.0.0.1', 0, (error) => (error ? reject(error) : resolve(1))),
        ),
      ).rejects.toThrow('bind');
    });
  });

  describe('the identification', () => {
    test('may come in any pieces', async () => {
      const world = await serve({ maxUnauthenticated: 1000 });
      for (const pieces of chunkings(Buffer.from('SSH-2.0-a_client x\r\n'), 'every')) {
        const socket = await world.open();
        let answer = '';
        socket.on('data', (data: Buffer) => {
          answer += data.toString('latin1');
        });
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        // The list of key exchanges: the server has read the line.
        await until(() => answer.includes('curve25519-sha256'));
        expect(answer.match(/SSH-2.0-Hawser\r\n/g)).toHaveLength(1);
        socket.destroy();
      }
      await until(() => world.closed.length > 20);
      expect(world.reports.problems).toEqual([]);
    });

    test('of another protocol is cut off, and others are not', async () => {
      const world = await serve();
      const client = await enter(world);
      const socket = await world.open();
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\n');
      await until(() => world.closed.length === 1);
      expect(world.closed).toMatchObject([
        { kind: 'protocol', error: { code: 'HAWSER_SSH_IDENTIFICATION' } },
      ]);
      expect((await exec(client, 'x')).status).toBe(0);
      expect(world.reports.problems).toEqual([]);
    });
  });

  describe('login', () => {
    test('a password lets in, and a wrong one does not', async () => {
      const world = await serve({ auth: password({ ops: 'secret' }) });
      await expect(enter(world, { password: 'wrong' })).rejects.toThrow('authentication');
      await expect(enter(world, { username: 'nobody' })).rejects.toThrow('authentication');
      expect((await exec(await enter(world), 'x')).status).toBe(0);
    });

    test('an authorized key lets in and says who it is, and another does not', async () => {
      const known = usableKey();
      const world = await serve({
        auth: authorizedKeys({ text: `${known.public} alice@desk\n` }),
        async session(session) {
          await session.write(String(session.identity?.comment));
        },
      });
      const stranger = { privateKey: usableKey().private };
      await expect(enter(world, stranger)).rejects.toThrow('authentication');
      const client = await enter(world, { privateKey: known.private });
      expect((await exec(client, 'x')).stdout).toContain('alice@desk');
    });

    test('a key that would do is not enough without its signature', async () => {
      const known = usableKey();
      const asked: unknown[] = [];
      const world = await serve({
        auth: (attempt) => {
          asked.push(attempt.method === 'publickey' && attempt.signed);
          return attempt.method === 'publickey';
        },
      });
      // The public half of one key with signatures of another.
      const shown = ssh2.utils.parseKey(known.public);
      const other = ssh2.utils.parseKey(usableKey().private);
      if (shown instanceof Error || other instanceof Error) throw new Error('no keys');
      const agent = {
        getIdentities: (done: (error: undefined, keys: unknown[]) => void) =>
          done(undefined, [shown]),
        sign: (_key: unknown, data: Buffer, ...rest: unknown[]) => {
          const done = rest.at(-1) as (error: undefined, signature: Buffer) => void;
          done(undefined, other.sign(data));
        },
      };
      Object.setPrototypeOf(agent, ssh2.BaseAgent.prototype as object);
      await expect(
        enter(world, { agent: agent as never, password: undefined as never }),
      ).rejects.toThrow('authentication');
      expect(asked).toEqual([false]);
    });

    test('an authenticator that throws refuses and is reported', async () => {
      const world = await serve({
        auth: () => {
          throw new Error('the directory is down');
        },
      });
      await expect(enter(world)).rejects.toThrow('authentication');
      expect(world.reports.problems[0]).toMatchObject({ where: 'ssh.auth' });
    });

    test('too many failures end the connection', async () => {
      let tries = 0;
      const world = await serve({
        maxAuthTries: 3,
        auth: () => {
          tries += 1;
          return false;
        },
      });
      await expect(
        enter(world, {
          authHandler: (_left: unknown, _partial: unknown, next: (method: unknown) => void) =>
            next({ type: 'password', username: 'ops', password: 'wrong' }),
        } as never),
      ).rejects.toBeInstanceOf(Error);
      expect(tries).toBe(3);
      await until(() => world.closed.length === 1);
    });
  });

  describe('the end', () => {
    test('a drain refuses new sessions, lets running ones finish and disconnects', async () => {
      const world = await serve({ session: shout });
      const client = await enter(world);
      const channel = await openExec(client, 'x');
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      world.drain(world.reactor.clock.now() + 60_000);
      await expect(openExec(client, 'y')).rejects.toMatchObject({ reason: 4 });
      channel.end('last\n');
      expect((await outcome(channel)).stdout).toBe('LAST\n');
      await gone;
      await until(() => world.closed.length === 1);
      expect(world.closed).toEqual([{ kind: 'done' }]);
    });

    test('clients that end their side are closed', async () => {
      const world = await serve();
      const sock = await world.open();
      await enter(world, { sock });
      sock.end();
      await until(() => world.closed.length === 1);
      expect(world.closed).toEqual([{ kind: 'done' }]);
    });
  });
}

async function shout(session: Session): Promise<void> {
  for await (const line of session.lines({ max: 100, prompt: '> ' })) {
    await session.write(`${line.toUpperCase()}\n`);
  }
}
