import { sniff } from '@hawser/core';
import { SeededRandom } from '@hawser/core/testing';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { describe, expect, test } from 'vitest';
import { protocolOf, sendRaw, sshString, uint32 } from './raw-client.ts';
import { closedOf, exec, login, openExec, pipeWorld, testServer, until } from './world.ts';

const Message = { UserauthRequest: 50, UserauthSuccess: 52, ChannelOpen: 90 } as const;

/** Connects without waiting for the login. */
async function connecting(
  world: ReturnType<typeof pipeWorld>,
  config: object = {},
): Promise<Client> {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  const sock = (await world.open()) as ConnectConfig['sock'] & object;
  client.connect({ username: 'ops', password: 'secret', readyTimeout: 0, ...config, sock });
  return client;
}

describe('before the login', () => {
  test('a message of the server, sent while an authenticator thinks, ends that connection alone', async () => {
    let decide: (yes: boolean) => void = () => undefined;
    const thinking = new Promise<boolean>((resolve) => {
      decide = resolve;
    });
    let asked = 0;
    const world = pipeWorld(
      testServer({
        auth: () => {
          asked += 1;
          return asked === 1 ? thinking : true;
        },
      }),
    );
    const bad = await connecting(world);
    await until(() => asked === 1);
    sendRaw(bad, Uint8Array.of(Message.UserauthSuccess));
    const good = await login(world);
    decide(true);
    await until(() => world.closed.length === 1);
    expect(world.closed).toMatchObject([
      { kind: 'protocol', error: { code: 'HAWSER_SSH_PROTOCOL' } },
    ]);
    expect((await exec(good, 'x')).status).toBe(0);
    expect(world.reports.problems).toEqual([]);
    await world.end();
  });

  test('an unknown way to log in is answered with the known ones', async () => {
    const world = pipeWorld(testServer({}));
    const offered: unknown[] = [];
    const client: Client = await connecting(world, {
      authHandler: (left: unknown, _partial: unknown, next: (method: unknown) => void) => {
        offered.push(left);
        if (offered.length === 1) {
          next('none');
          return;
        }
        if (offered.length > 2) {
          next({ type: 'password', username: 'ops', password: 'secret' });
          return;
        }
        const words = ['ops', 'ssh-connection', 'gssapi-with-mic'].map(sshString);
        sendRaw(
          client,
          Buffer.concat([Uint8Array.of(Message.UserauthRequest), ...words, uint32(0)]),
        );
      },
    });
    await new Promise<void>((resolve) => client.once('ready', () => resolve()));
    const methods = ['publickey', 'password'];
    expect(offered).toEqual([null, methods, methods]);
    client.destroy();
    await world.end();
  });

  test('a client that says nothing is cut off when the grace is over, and not before', async () => {
    const world = pipeWorld(testServer({ loginGraceMs: 60_000 }));
    await world.open();
    await world.reactor.clock.elapse(59_999);
    expect(world.closed).toEqual([]);
    await world.reactor.clock.elapse(1);
    expect(world.closed).toEqual([{ kind: 'timeout', timer: 'handshake', afterMs: 60_000 }]);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('bytes that trickle in buy no time', async () => {
    const world = pipeWorld(testServer({ loginGraceMs: 60_000 }));
    const socket = await world.open();
    socket.on('error', () => undefined);
    for (const byte of Buffer.from('SSH-2.0-x')) {
      socket.write(Uint8Array.of(byte));
      await world.reactor.clock.elapse(6_000);
    }
    await world.reactor.clock.elapse(6_000);
    expect(world.closed).toMatchObject([{ kind: 'timeout' }]);
  });

  test('the grace is no limit for those who are logged in', async () => {
    const world = pipeWorld(testServer({ loginGraceMs: 1_000, keepaliveMs: 0 }));
    const client = await login(world);
    await world.reactor.clock.elapse(100_000);
    expect((await exec(client, 'x')).status).toBe(0);
    client.end();
    await until(() => world.closed.length === 1);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('clients over the limit are refused until others have logged in or left', async () => {
    const world = pipeWorld(testServer({ maxUnauthenticated: 1 }));
    const first = await world.open();
    first.on('error', () => undefined);
    void world.open();
    await until(() => world.closed.length === 1);
    expect(world.closed).toMatchObject([{ kind: 'refused', by: 'ssh' }]);
    first.destroy();
    await until(() => world.closed.length === 2);
    const client = await login(world);
    expect((await exec(await login(world), 'x')).status).toBe(0);
    client.destroy();
    await world.end();
  });

  test('a wrong password is answered late', async () => {
    const world = pipeWorld(testServer({ auth: () => false, failureDelayMs: 300 }));
    const client = await connecting(world);
    const closed = closedOf(client);
    let over = false;
    void closed.then(() => {
      over = true;
    });
    await until(() => world.reactor.clock.timers === 2);
    await world.reactor.clock.elapse(299);
    expect(over).toBe(false);
    await world.reactor.clock.elapse(1);
    await closed;
    await world.end();
  });
});

describe('after the login', () => {
  test('a channel with packets of 0 bytes is refused, and the server goes on', async () => {
    const world = pipeWorld(testServer({ session: (session) => session.write('x').then(() => 0) }));
    const client = await login(world);
    const refused = new Promise<unknown[]>((resolve) => {
      protocolOf(client)._handlers['CHANNEL_OPEN_FAILURE'] = (_protocol, ...rest) => resolve(rest);
    });
    const open = [Uint8Array.of(Message.ChannelOpen), sshString('session')];
    sendRaw(client, Buffer.concat([...open, uint32(77), uint32(1_000_000), uint32(0)]));
    expect((await refused).slice(0, 2)).toEqual([77, 2]);
    expect((await exec(client, 'x')).stdout).toBe('x');
    client.destroy();
    await world.end();
  });

  test('a peer that sends more than the window allows is cut off', async () => {
    const world = pipeWorld(
      testServer({
        session: (_session, signal) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(0))),
      }),
    );
    const client = await login(world);
    client.on('error', () => undefined);
    const channel = await openExec(client, 'x');
    const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing;
    const data = Buffer.alloc(30_000);
    for (let i = 0; i < 250; i++) protocolOf(client).channelData(id, data);
    await until(() => world.closed.length === 1);
    expect(world.closed).toMatchObject([
      { kind: 'protocol', error: { code: 'HAWSER_SSH_PROTOCOL' } },
    ]);
    await world.end();
  });

  test('a session that nothing was started in gives its place back when it is closed', async () => {
    const world = pipeWorld(testServer({ maxChannels: 1 }));
    const client = await login(world);
    let confirmed: (id: number) => void = () => undefined;
    let closed = (): void => undefined;
    const handlers = protocolOf(client)._handlers;
    const kept = { ...handlers };
    handlers['CHANNEL_OPEN_CONFIRMATION'] = (_protocol, info) =>
      confirmed((info as { sender: number }).sender);
    handlers['CHANNEL_CLOSE'] = () => closed();
    const open = [Uint8Array.of(Message.ChannelOpen), sshString('session')];
    for (let i = 0; i < 3; i++) {
      const answer = new Promise<number>((resolve) => {
        confirmed = resolve;
      });
      sendRaw(client, Buffer.concat([...open, uint32(70 + i), uint32(1000), uint32(1000)]));
      const id = await answer;
      const done = new Promise<void>((resolve) => {
        closed = resolve;
      });
      sendRaw(client, Buffer.concat([Uint8Array.of(97), uint32(id)]));
      await done;
    }
    Object.assign(handlers, kept);
    expect((await exec(client, 'x')).status).toBe(0);
    client.destroy();
    await world.end();
  });

  test('a client that answers nothing is cut off, and one that answers is not', async () => {
    const world = pipeWorld(testServer({ keepaliveMs: 15_000, maxUnanswered: 3 }));
    const sock = await world.open();
    const client = await login(world, { sock: sock as never });
    client.on('error', () => undefined);
    await world.reactor.clock.elapse(300_000);
    expect(world.closed).toEqual([]);
    sock.removeAllListeners('data');
    await world.reactor.clock.elapse(60_000);
    expect(world.closed).toEqual([{ kind: 'timeout', timer: 'idle', afterMs: 60_000 }]);
  });

  test('a session that does not finish is told before the deadline of a drain', async () => {
    const world = pipeWorld(testServer({ session: () => new Promise<number>(() => undefined) }));
    const client = await login(world);
    await openExec(client, 'x');
    const gone = closedOf(client);
    world.drain(10_000);
    await world.reactor.clock.elapse(8_999);
    expect(world.closed).toEqual([]);
    await world.reactor.clock.elapse(1);
    await gone;
    await until(() => world.closed.length === 1);
    expect(world.closed).toEqual([{ kind: 'done' }]);
  });
});

describe('next to other protocols', () => {
  test('a client that comes a byte at a time is recognised and served', async () => {
    const factory = testServer({});
    // The pipe waits for the server to speak, so silence is what leads to SSH; the bytes may as well.
    const world = pipeWorld(sniff({ ssh: factory, silent: factory }), { cut: 'bytes' });
    const opening = world.open();
    await world.reactor.clock.elapse(300);
    const client = await login(world, { sock: (await opening) as never });
    expect((await exec(client, 'x')).status).toBe(0);
    client.destroy();
    await world.end();
  });
});

describe('garbage', () => {
  test('300 seeds of it instead of a key exchange crash and leak nothing', async () => {
    const world = pipeWorld(testServer({ maxUnauthenticated: 1000 }));
    for (let seed = 1; seed <= 300; seed++) {
      const random = new SeededRandom(seed);
      const socket = await world.open();
      socket.on('error', () => undefined);
      socket.resume();
      if (seed % 3) socket.write('SSH-2.0-garbage\r\n');
      for (let i = 0; i < 4; i++) socket.write(random.bytes(random.below(400) + 1));
      if (seed % 5 === 0) socket.destroy();
    }
    await world.reactor.clock.elapse(70_000);
    await until(() => world.closed.length === 300);
    expect(world.reports.problems).toEqual([]);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('200 seeds of it inside the encryption crash and leak nothing, and others go on', async () => {
    const world = pipeWorld(testServer({ session: (session) => session.write('x').then(() => 0) }));
    const other = await login(world);
    const left: Client[] = [];
    for (let seed = 1; seed <= 200; seed++) {
      const random = new SeededRandom(seed);
      const client = seed % 2 ? await login(world) : await connecting(world);
      client.on('error', () => undefined);
      if (seed % 2 === 0)
        await new Promise<void>((resolve) => client.once('handshake', () => resolve()));
      else await openExec(client, 'x').catch(() => undefined);
      for (let i = 0; i < 10; i++) {
        const type = [20, 50, 52, 60, 61, 80, 90, 93, 94, 95, 96, 97, 98][random.below(13)] ?? 2;
        const start = Buffer.concat([Uint8Array.of(type), uint32(random.below(3))]);
        try {
          sendRaw(client, Buffer.concat([start, random.bytes(random.below(60))]));
        } catch {
          // The connection has ended already.
          break;
        }
      }
      if (seed % 3) client.destroy();
      else left.push(client);
    }
    for (const client of left) client.destroy();
    expect((await exec(other, 'x')).stdout).toBe('x');
    other.destroy();
    await world.reactor.clock.elapse(200_000);
    await until(() => world.closed.length === 201);
    expect(world.reports.problems).toEqual([]);
    expect(world.reactor.clock.timers).toBe(0);
  }, 30_000);
});
