// One of the servers that `streams.ts` compares: an echo of chunks or of lines.
import type { Socket } from 'node:net';
import {
  BaseProtocol,
  type Factory,
  LineDecoder,
  type StreamHandler,
  streaming,
} from '@hawser/core';
import { serveFactory, serveRaw } from './measured-server.ts';

const MAX_LINE_BYTES = 1_024;

/** Sends each line back as it is complete, as a careful user of `node:net` would without a library. */
function rawLines(socket: Socket): void {
  let rest = '';
  socket.on('data', (data) => {
    const parts = (rest + data.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE_BYTES) socket.destroy();
    socket.cork();
    for (const line of parts) socket.write(`${line}\n`, 'latin1');
    socket.uncork();
  });
}

async function rawAwait(socket: Socket): Promise<void> {
  for await (const chunk of socket) {
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  }
}

class Chunks extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

class Lines extends BaseProtocol {
  readonly #decoder = new LineDecoder({ maxBytes: MAX_LINE_BYTES });

  dataReceived(data: Buffer): void {
    for (const line of this.#decoder.push(data)) {
      this.transport.write(Buffer.from(`${line.toString('latin1')}\n`, 'latin1'));
    }
  }
}

const raw: Readonly<Record<string, (socket: Socket) => unknown>> = {
  raw: (socket) => socket.on('data', (data) => socket.write(data)),
  'raw, for await': rawAwait,
  'raw lines': rawLines,
};
const callbacks: Readonly<Record<string, Factory>> = {
  dataReceived: { name: 'chunks', buildProtocol: () => new Chunks() },
  LineDecoder: { name: 'lines', buildProtocol: () => new Lines() },
};
const handlers: Readonly<Record<string, StreamHandler>> = {
  async 'conn.read'(conn) {
    for (let chunk = await conn.read(); chunk; chunk = await conn.read()) await conn.write(chunk);
  },
  async 'for await of conn'(conn) {
    for await (const chunk of conn) await conn.write(chunk);
  },
  async 'conn.lines'(conn) {
    for await (const line of conn.lines({ max: MAX_LINE_BYTES, encoding: 'latin1' })) {
      await conn.write(Buffer.from(`${line}\n`, 'latin1'));
    }
  },
  async 'conn.readLine'(conn) {
    const options = { max: MAX_LINE_BYTES, encoding: 'latin1' } as const;
    for (let line = await conn.readLine(options); line !== undefined; ) {
      await conn.write(Buffer.from(`${line}\n`, 'latin1'));
      line = await conn.readLine(options);
    }
  },
};

const [mode = ''] = process.argv.slice(2);
const accepted = raw[mode];
const handler = handlers[mode];
const factory = callbacks[mode] ?? (handler && streaming(handler));
if (accepted) serveRaw(accepted);
else if (factory) await serveFactory(factory);
else throw new RangeError(`Cannot serve as there is no such mode: "${mode}"`);
