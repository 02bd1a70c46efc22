import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Load } from './compare.ts';
import { ZONE } from './dns-names.ts';

/** Sends updates to the server at `port`, so many of them under way. */
export async function updateLoad(port: number, inFlight: number): Promise<Load> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const client = new UpdateClient(socket);
  return { run: (count) => client.run(count, inFlight), close: () => socket.destroy() };
}

/** Sends updates and counts their answers. */
class UpdateClient {
  readonly #socket: Socket;
  #turn = 0;
  #rest = Buffer.alloc(0);
  #answered: (refused: boolean) => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#received(chunk));
  }

  run(count: number, inFlight: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let sent = 0;
      let done = 0;
      const send = (): void => {
        sent++;
        this.#socket.write(update(this.#turn++));
      };
      this.#answered = (refused) => {
        if (refused) reject(new Error('Cannot measure as an update was refused'));
        if (++done === count) resolve();
        else if (sent < count) send();
      };
      for (let index = 0; index < Math.min(inFlight, count); index++) send();
    });
  }

  #received(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const length = bytes.readUInt16BE(0);
      this.#answered(((bytes[5] ?? 0) & 15) !== 0);
      bytes = bytes.subarray(2 + length);
    }
    this.#rest = bytes;
  }
}

/** Adds another address to one of a thousand names, so that none of them is without an effect. */
function update(turn: number): Buffer {
  const head = Buffer.from([turn >> 8, turn, 0x28, 0, 0, 1, 0, 0, 0, 2, 0, 0]);
  const zone = Buffer.concat([name(ZONE), Buffer.from([0, 6, 0, 1])]);
  const owner = name(`host-${turn % 1000}.${ZONE}`);
  const gone = Buffer.concat([owner, Buffer.from([0, 1, 0, 255, 0, 0, 0, 0, 0, 0])]);
  const fixed = Buffer.from([0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
  const address = Buffer.from([10, turn >> 16, turn >> 8, turn]);
  const message = Buffer.concat([head, zone, gone, owner, fixed, address]);
  return Buffer.concat([Buffer.from([message.length >> 8, message.length]), message]);
}

function name(text: string): Buffer {
  const labels = text.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0),
  ]);
}
