import { createRequire } from 'node:module';
import type { Client } from 'ssh2';

const require = createRequire(import.meta.url);
const { sendPacket } = require('ssh2/lib/protocol/utils.js') as {
  readonly sendPacket: (protocol: RawProtocol, packet: unknown) => void;
};

interface RawProtocol {
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(size: number): Buffer;
      finalize(packet: Buffer): unknown;
    };
  };
  readonly _handlers: Record<string, (...args: unknown[]) => void>;
  channelData(id: number, data: Buffer): void;
}

/** The client's own state machine, for a test that breaks the protocol with it. */
export function protocolOf(client: Client): RawProtocol {
  return (client as unknown as { readonly _protocol: RawProtocol })._protocol;
}

/** Sends any message, encrypted as it should be. */
export function sendRaw(client: Client, payload: Uint8Array): void {
  const protocol = protocolOf(client);
  const { write } = protocol._packetRW;
  const { allocStart } = write;
  const packet = write.alloc(payload.length);
  packet.set(payload, allocStart);
  sendPacket(protocol, write.finalize(packet));
}

export function sshString(text: string): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(text)), Buffer.from(text)]);
}

export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
