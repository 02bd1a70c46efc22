import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type Connection,
  connect,
  type Factory,
  plug,
  type Reactor,
  sendProxyHeader,
  stack,
} from '@hawser/core';
import ssh2 from 'ssh2';

/** Where the port is, seen from a client. */
export interface Door {
  readonly reactor: Reactor;
  readonly host: string;
  readonly port: number;
  /** The address that the PROXY header claims. */
  readonly claims: string;
}

/** Comes in as HTTP and gives the answer. */
export async function visitHttp(door: Door, path: string): Promise<string> {
  return ask(await open(door, plain), path);
}

/** Comes in as HTTP inside of TLS. */
export async function visitHttps(door: Door, path: string): Promise<string> {
  return ask(await open(door, insideTls), path);
}

/** Comes in as SSH inside of TLS and gives the exit status of a command. */
export async function visitSsh(door: Door): Promise<number> {
  const sock = await open(door, insideTls);
  const client = new ssh2.Client();
  client.connect({ sock, username: 'operator', password: 'any' });
  await once(client, 'ready');
  const status = await new Promise<number>((resolve, reject) => {
    client.exec('true', (error, channel) => {
      if (error) reject(error);
      else channel.on('close', resolve).resume();
    });
  });
  client.end();
  await once(client, 'close');
  return status;
}

/** Says nothing until it is spoken to, and gives all lines it was told. */
export async function visitMail({ reactor, host, port, claims }: Door): Promise<string[]> {
  const heard: string[] = [];
  const conn: Connection = await connect(reactor, `tcp://${host}:${port}`);
  await conn.write(`PROXY TCP4 ${claims} 192.0.2.1 40000 25\r\n`);
  const talk = ['hello', 'QUIT'];
  for await (const line of conn.lines({ max: 512 })) {
    heard.push(line);
    const next = talk.shift();
    if (next) await conn.write(`${next}\r\n`);
  }
  await conn.close();
  return heard;
}

type Between = (factory: Factory) => Factory;

const plain: Between = (factory) => factory;

const insideTls: Between = (upper) => ({
  name: 'tls client',
  buildProtocol: () => ({
    connectionMade: (transport) =>
      void transport.reactor.tls.startClient(transport, { verify: false }, upper),
    dataReceived: () => undefined,
  }),
});

function open({ reactor, host, port, claims }: Door, between: Between): Promise<Socket> {
  const header = sendProxyHeader({
    version: 1,
    source: { kind: 'tcp', host: claims, port: 40_000, family: 4 },
    destination: { kind: 'tcp', host: '192.0.2.1', port, family: 4 },
  });
  return new Promise((accept, reject) => {
    const client = plug('client', { accept });
    const options = { host, port };
    void reactor.tcp.connect(options, stack(header)(between(client))).addErrback(reject);
  });
}

function ask(socket: Socket, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'close' };
    const options = { path, headers, createConnection: () => socket };
    request(options, (answer) => void text(answer).then(resolve, reject))
      .on('error', reject)
      .end();
  });
}
