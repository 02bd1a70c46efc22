import type { Factory, Protocol, Transport } from '@hawser/core';
import type { World } from './world.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A client that writes bytes and keeps what comes back. */
export class RawClient implements Protocol {
  received = '';
  transport: Transport | undefined;

  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.received += data.toString('latin1');
  }
  /** Does not end its own side: a test decides when. */
  readEnded(): void {}
  send(data: string | Buffer): void {
    this.transport?.write(Buffer.from(data as string, 'latin1'));
  }
}

/** Connects, and asks for a WebSocket with `fields` in place of the usual ones; all in one write. */
export async function askRaw(
  world: World,
  factory: Factory,
  fields: Readonly<Record<string, string | undefined>> = {},
  { before = '', after = '' }: { readonly before?: string; readonly after?: string | Buffer } = {},
): Promise<RawClient> {
  const client = await world.connect(factory, new RawClient());
  const all = {
    Host: 'example.net',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...fields,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `${before}GET /live HTTP/1.1\r\n${lines.join('')}\r\n`;
  client.send(Buffer.concat([Buffer.from(request), Buffer.from(after as string)]));
  await world.elapse(0);
  return client;
}

/** A frame of a client with an all-zero mask, which leaves the payload readable (RFC 6455 §5.3). */
export function clientFrame(
  opcode: number,
  payload: Uint8Array | string,
  { fin = true }: { readonly fin?: boolean } = {},
): Buffer {
  const body = Buffer.from(payload as string);
  const head = Buffer.of((fin ? 0x80 : 0) | opcode, 0x80 | body.length, 0, 0, 0, 0);
  return Buffer.concat([head, body]);
}
