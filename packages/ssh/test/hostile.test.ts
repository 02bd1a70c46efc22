import type { Client, ConnectConfig } from 'ssh2';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { password } from '../src/index.ts';
import { sendRaw, sshString, uint32 } from './raw-client.ts';
import {
  login,
  openExec,
  openShell,
  outcome,
  pipeWorld,
  testServer,
  until,
  usableKey,
} from './world.ts';

const Message = { KexInit: 20, UserauthRequest: 50, GlobalRequest: 80 } as const;

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

function globalRequest(): Buffer {
  return Buffer.concat([
    Uint8Array.of(Message.GlobalRequest),
    sshString('keepalive@openssh.com'),
    Uint8Array.of(1),
  ]);
}

describe('logging in', () => {
  test('a store that knows nobody says null, which lets nobody in', async () => {
    const world = pipeWorld(testServer({ auth: password<unknown>(async () => null) }));
    await expect(login(world)).rejects.toThrow(/authentication/);
    await world.end();
  });

  test.each(['none', 'keyboard-interactive', 'hostbased'])(
    'the method %s lets nobody in, whatever the authenticator says',
    async (method) => {
      const world = pipeWorld(testServer({ auth: () => true, maxAuthTries: 3 }));
      const client: Client = await connecting(world, {
        authHandler: () => {
          const rest =
            method === 'keyboard-interactive'
              ? [sshString(''), sshString('')]
              : ['ssh-ed25519', 'x', 'host', 'ops', 'x'].map(sshString);
          const words = ['ops', 'ssh-connection', method].map(sshString);
          const all = [Uint8Array.of(Message.UserauthRequest), ...words, ...rest];
          sendRaw(client, Buffer.concat(method === 'none' ? all.slice(0, 4) : all));
        },
      });
      let ready = false;
      client.on('ready', () => {
        ready = true;
      });
      await world.reactor.clock.elapse(60_000);
      await until(() => world.closed.length === 1);
      expect(ready).toBe(false);
    },
  );

  test('a key without a signature, and one signed for somebody else, let nobody in', async () => {
    const key = ssh2.utils.parseKey(usableKey().private);
    if (key instanceof Error) throw key;
    const blob = key.getPublicSSH();
    const lengthPrefixed = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes]);
    const signed: boolean[] = [];
    const world = pipeWorld(
      testServer({
        auth: (attempt) => {
          if (attempt.method === 'publickey') signed.push(attempt.signed);
          return true;
        },
      }),
    );
    let sent = 0;
    const client: Client = await connecting(world, {
      authHandler: () => {
        const request = (hasSignature: number): Buffer =>
          Buffer.concat([
            Uint8Array.of(Message.UserauthRequest),
            ...['ops', 'ssh-connection', 'publickey'].map(sshString),
            Uint8Array.of(hasSignature),
            sshString('ssh-ed25519'),
            lengthPrefixed(blob),
          ]);
        sent += 1;
        if (sent === 1) {
          sendRaw(client, request(0));
          // The session that is signed for is another one.
          const other = Buffer.concat([lengthPrefixed(Buffer.alloc(32, 7)), request(1)]);
          const signature = Buffer.concat([
            sshString('ssh-ed25519'),
            lengthPrefixed(key.sign(other)),
          ]);
          sendRaw(client, Buffer.concat([request(1), lengthPrefixed(signature)]));
        }
      },
    });
    let ready = false;
    client.on('ready', () => {
      ready = true;
    });
    await world.reactor.clock.elapse(60_000);
    await until(() => world.closed.length === 1);
    expect(ready).toBe(false);
    expect(signed).toEqual([false]);
  });

  test('a client that leaves while a refusal waits leaves no timer behind', async () => {
    const world = pipeWorld(testServer({ auth: () => false, failureDelayMs: 300 }));
    const client = await connecting(world);
    await until(() => world.reactor.clock.timers === 2);
    client.destroy();
    await until(() => world.closed.length === 1);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('an authenticator that rejects after the client has left disturbs nobody', async () => {
    let fail = (_error: Error): void => undefined;
    let asked = false;
    const auth = (): Promise<boolean> => {
      asked = true;
      return new Promise((_resolve, reject) => {
        fail = reject;
      });
    };
    const world = pipeWorld(testServer({ auth }));
    const client = await connecting(world);
    await until(() => asked);
    client.destroy();
    await until(() => world.closed.length === 1);
    fail(new Error('late'));
    await world.reactor.clock.elapse(1_000);
    expect(world.reactor.clock.timers).toBe(0);
  });
});

describe('memory', () => {
  test('a peer that asks on and on in a key exchange it never finishes is cut off', async () => {
    const world = pipeWorld(testServer({}));
    const sock = await world.open();
    const client = await login(world, { sock: sock as never });
    client.on('error', () => undefined);
    const lists = ['curve25519-sha256', 'ssh-ed25519', ...Array(2).fill('aes256-ctr')];
    lists.push(...Array(2).fill('hmac-sha2-256'), ...Array(2).fill('none'), '', '');
    const kexInit = Buffer.concat([
      Uint8Array.of(Message.KexInit),
      Buffer.alloc(16),
      ...lists.map(sshString),
      Buffer.alloc(5),
    ]);
    // The client hears nothing of the exchange, so it does not go on with it.
    sock.removeAllListeners('data');
    sock.resume();
    sendRaw(client, kexInit);
    for (let i = 0; i < 3_000 && world.closed.length === 0; i++) {
      try {
        sendRaw(client, globalRequest());
      } catch {
        break;
      }
      if (i % 100 === 0) await world.reactor.clock.settle();
    }
    // ssh2 gives up at once; what the peer has not taken of the goodbye 5 s later is dropped.
    await world.reactor.clock.elapse(5_000);
    expect(world.closed).toHaveLength(1);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('a peer that asks on and on before its keys are exchanged is cut off', async () => {
    const world = pipeWorld(testServer({}));
    const sock = await world.open();
    sock.on('error', () => undefined);
    sock.resume();
    sock.write('SSH-2.0-x\r\n');
    const payload = globalRequest();
    const padding = 16 - ((payload.length + 5) % 8);
    const packet = Buffer.concat([
      uint32(1 + payload.length + padding),
      Uint8Array.of(padding),
      payload,
      Buffer.alloc(padding),
    ]);
    for (let i = 0; i < 30 && world.closed.length === 0; i++) {
      sock.write(Buffer.concat(Array<Buffer>(100).fill(packet)));
      await world.reactor.clock.settle();
    }
    await world.reactor.clock.elapse(5_000);
    expect(world.closed).toHaveLength(1);
    expect(world.reactor.clock.timers).toBe(0);
  });

  test('writes that are refused as too many lose and reorder none of the others', async () => {
    const refused: unknown[] = [];
    const world = pipeWorld(
      testServer({
        session: (session) => {
          const mebibyte = (letter: string): Buffer => Buffer.alloc(1024 * 1024, letter);
          for (let i = 0; i < 16; i++) void session.write(mebibyte('a'));
          session.write('lost').catch((error: unknown) => refused.push(error));
          return 7;
        },
      }),
    );
    const client = await login(world);
    const { stdout, status } = await outcome(await openExec(client, 'x'));
    expect(stdout).toBe('a'.repeat(16 * 1024 * 1024));
    expect(status).toBe(7);
    expect(refused).toMatchObject([{ code: 'HAWSER_WRITE_QUEUE_FULL' }]);
    client.destroy();
    await world.end();
  });
});

describe('hooks', () => {
  test('resize listeners that throw or reject are reported, and the others are called', async () => {
    let called = 0;
    const world = pipeWorld(
      testServer({
        session: (session, signal) => {
          session.pty?.onResize(() => {
            throw new Error('at once');
          });
          session.pty?.onResize(() => Promise.reject(new Error('later')));
          session.pty?.onResize(() => {
            called += 1;
          });
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve(0)));
        },
      }),
    );
    const client = await login(world);
    const shell = await openShell(client);
    shell.setWindow(50, 100, 0, 0);
    await until(() => called === 1 && world.reports.problems.length === 2);
    expect(world.reports.problems).toMatchObject([
      { where: 'ssh.onResize', error: { message: 'at once' } },
      { where: 'ssh.onResize', error: { message: 'later' } },
    ]);
    client.destroy();
    await world.end();
  });
});

test.each(['connected', 'identified', 'waiting', 'logged in', 'running'] as const)(
  'a drain in state %s ends in time and leaves no timer',
  async (state) => {
    let asked = false;
    const auth = (): boolean | Promise<boolean> => {
      asked = true;
      return state === 'waiting' ? new Promise<boolean>(() => undefined) : true;
    };
    const session = (): Promise<number> => new Promise(() => undefined);
    const world = pipeWorld(testServer({ auth, session }));
    if (state === 'connected' || state === 'identified') {
      const socket = await world.open();
      socket.on('error', () => undefined);
      socket.resume();
      if (state === 'identified') socket.write('SSH-2.0-x\r\n');
    } else if (state === 'waiting') {
      await connecting(world);
      await until(() => asked);
    } else {
      const client = await login(world);
      if (state === 'running') await openExec(client, 'x');
    }
    await world.reactor.clock.settle();
    world.drain(world.reactor.clock.now() + 10_000);
    await world.reactor.clock.elapse(10_000);
    await until(() => world.closed.length === 1);
    expect(world.reactor.clock.timers).toBe(0);
  },
);
