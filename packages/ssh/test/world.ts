import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type CloseReason,
  createNodeReactor,
  type Factory,
  layer,
  type Protocol,
  type Reactor,
  stack,
  type Transport,
  toSocket,
} from '@hawser/core';
import {
  CollectedReports,
  type ConnectPipeOptions,
  connectPipe,
  createTestReactor,
  type TestReactor,
} from '@hawser/core/testing';
import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import { type SshOptions, ssh } from '../src/index.ts';

/** Made once: what it is does not matter. */
export const HOST_KEY: Buffer = Buffer.from(usableKey().private);

/** A key pair; one in about 250 that ssh2 makes cannot be used. */
export function usableKey(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const open = ssh2.utils.parseKey(pair.public);
    const secret = ssh2.utils.parseKey(pair.private);
    if (open instanceof Error || secret instanceof Error) continue;
    if (open.verify('x', secret.sign('x')) === true) return pair;
  }
}

/** A server somewhere, and ways to reach it. */
export interface World {
  readonly reactor: Reactor;
  readonly reports: CollectedReports;
  /** Why each connection of the server ended, in that order. */
  readonly closed: CloseReason[];
  /** A plain connection. The server's identification is there, whole: ssh2's client has to get it so. */
  open(): Promise<Duplex>;
  /** Asks the server to stop. */
  drain(deadline: number): void;
  end(): Promise<void>;
}

/** Options of the server that a test does not care about. */
export function testServer<Identity>(options: Partial<SshOptions<Identity>>): Factory {
  return ssh<Identity>({
    hostKeys: [HOST_KEY],
    auth: () => true,
    session: () => 0,
    failureDelayMs: 0,
    ...options,
  });
}

/** A world without a network. */
export function pipeWorld(
  factory: Factory,
  options: ConnectPipeOptions = {},
): World & {
  readonly reactor: TestReactor;
} {
  const reactor = createTestReactor();
  const closed: CloseReason[] = [];
  const ends: ReturnType<typeof connectPipe>[] = [];
  return {
    reactor,
    reports: reactor.reports,
    closed,
    open() {
      return new Promise((resolve) => {
        const client = { name: 'client', buildProtocol: () => new IdentifiedServer(resolve) };
        const pipe = connectPipe(reactor, factory, client, options);
        pipe.server.onClose((reason) => closed.push(reason));
        ends.push(pipe);
      });
    },
    drain(deadline) {
      for (const { server } of ends) server.requestDrain(deadline);
    },
    async end() {
      for (const { server } of ends) server.abort();
      await reactor.clock.settle();
    },
  };
}

class IdentifiedServer implements Protocol {
  readonly #identified: (socket: Duplex) => void;
  #head: Buffer = Buffer.alloc(0);
  #transport: Transport | undefined;

  constructor(identified: (socket: Duplex) => void) {
    this.#identified = identified;
  }
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.#head = Buffer.concat([this.#head, data]);
    if (!this.#head.includes('\n')) return;
    const next: Protocol = {
      connectionMade: (transport) => this.#identified(toSocket(transport)),
      dataReceived: () => undefined,
    };
    this.#transport?.handTo(next, this.#head);
  }
}

/** A world on the loopback interface. */
export async function tcpWorld(factory: Factory): Promise<World> {
  const reports = new CollectedReports();
  const reactor = createNodeReactor({ reports });
  const closed: CloseReason[] = [];
  const watch = layer({
    kind: 'observer',
    label: 'watch',
    build(inner, incoming) {
      incoming.onClose((reason) => closed.push(reason));
      return inner.buildProtocol(incoming);
    },
  });
  const port = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, stack(watch)(factory));
  const sockets: Duplex[] = [];
  return {
    reactor,
    reports,
    closed,
    async open() {
      const { address } = port;
      if (address.kind !== 'tcp') throw new Error('Cannot connect');
      const socket = netConnect({ host: address.host, port: address.port, noDelay: true });
      socket.on('error', () => undefined);
      sockets.push(socket);
      return socket;
    },
    drain: (deadline) => void port.drain(deadline),
    async end() {
      for (const socket of sockets) socket.destroy();
      await port.stop();
    },
  };
}

/** Logs in. Rejects when that fails. */
export async function login(world: World, config: ConnectConfig = {}): Promise<Client> {
  const client = new ssh2.Client();
  const sock = config.sock ?? (await world.open());
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    client.on('error', reject);
    client.on('close', () => reject(new Error('closed')));
    client.connect({
      username: 'ops',
      password: 'secret',
      readyTimeout: 0,
      ...config,
      sock: sock as ConnectConfig['sock'] & object,
    });
  });
}

/** What a command led to. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null | undefined;
}

/** Runs a command; `input` is sent and ended. */
export async function exec(client: Client, command: string, input?: string): Promise<Outcome> {
  const channel = await openExec(client, command);
  if (input !== undefined) channel.end(input);
  return outcome(channel);
}

export function openExec(
  client: Client,
  command: string,
  options: object = {},
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, options, (error, channel) => {
      if (error) reject(error);
      else resolve(noteExit(channel));
    });
  });
}

export function openShell(client: Client, pty: object | false = {}): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.shell(pty as object, (error, channel) => {
      if (error) reject(error);
      else resolve(noteExit(channel));
    });
  });
}

const exits = new WeakMap<ClientChannel, number | null>();

/** The status may come in the chunk that opened the channel, before a promise can tell of it. */
function noteExit(channel: ClientChannel): ClientChannel {
  channel.on('exit', (code: number | null) => exits.set(channel, code));
  return channel;
}

export function outcome(channel: ClientChannel): Promise<Outcome> {
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    channel.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    channel.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    channel.on('close', () => resolve({ stdout, stderr, status: exits.get(channel) }));
  });
}

/** Waits, in turns of the loop, until `holds`. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200_000; turn++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`Cannot wait any longer until ${holds.toString()}`);
}

export function closedOf(emitter: {
  once(event: string, call: () => void): unknown;
}): Promise<void> {
  return new Promise((resolve) => emitter.once('close', () => resolve()));
}
