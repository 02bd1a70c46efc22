import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Load } from './compare.ts';

/** Options for {@link pingPong}. */
export interface PingPongOptions {
  /** What is sent again and again; of several, one by each connection in turn. All are equally long, as are their answers. */
  readonly message: Buffer | readonly Buffer[];
  /** Length of the whole answer. @defaultValue that of the message */
  readonly answerBytes?: number | undefined;
  /** Operations that one message is. @defaultValue 1 */
  readonly worth?: number | undefined;
  /** Sent once, before the first message, and not answered. */
  readonly preface?: Buffer | undefined;
  /** @defaultValue 8 */
  readonly connections?: number | undefined;
  /** Over TLS, whatever certificate the server shows. */
  readonly tls?: boolean | undefined;
}

/** Connections that send a message, wait until all of the answer is there, and so on. They stay open between rounds. */
export async function pingPong(port: number, options: PingPongOptions): Promise<Load> {
  const messages = Buffer.isBuffer(options.message) ? [options.message] : options.message;
  const {
    answerBytes = messages[0]?.length ?? 0,
    worth = 1,
    preface,
    connections = 8,
    tls,
  } = options;
  const players = await Promise.all(
    Array.from({ length: connections }, async (_, at) => {
      const socket = await open(port, tls);
      if (preface) socket.write(preface);
      const message = messages[at % messages.length] ?? Buffer.alloc(0);
      return new Player(socket, { message, answerBytes });
    }),
  );
  return {
    async run(count) {
      const each = Math.ceil(count / worth / connections);
      await Promise.all(players.map((player) => player.play(each)));
    },
    close() {
      for (const player of players) player.close();
    },
  };
}

async function open(port: number, tls = false): Promise<Socket> {
  const place = { port, host: '127.0.0.1', noDelay: true };
  const socket = tls ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
  await once(socket, tls ? 'secureConnect' : 'connect');
  return socket;
}

class Player {
  readonly #socket: Socket;
  readonly #message: Buffer;
  readonly #answerBytes: number;
  #missing = 0;
  #left = 0;
  #done: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(
    socket: Socket,
    { message, answerBytes }: { readonly message: Buffer; readonly answerBytes: number },
  ) {
    this.#socket = socket;
    this.#message = message;
    this.#answerBytes = answerBytes;
    socket.on('data', (data) => this.#received(data.length));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('end', () => this.#failed?.(new Error('Cannot go on as the server has closed')));
  }

  play(times: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#left = times;
      this.#serve();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #serve(): void {
    this.#missing = this.#answerBytes;
    this.#socket.write(this.#message);
  }

  #received(bytes: number): void {
    this.#missing -= bytes;
    if (this.#missing > 0) return;
    this.#left -= 1;
    if (this.#left > 0) this.#serve();
    else this.#done?.();
  }
}
