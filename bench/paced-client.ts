import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** Options for {@link PacedClient.connect}. */
export interface PacedClientOptions {
  readonly message: Buffer;
  /** Length of the whole answer. */
  readonly answerBytes: number;
  readonly connections: number;
}

/** Sends requests when they are due, whether or not those before them were answered. */
export class PacedClient {
  readonly #lanes: readonly Lane[];

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
  }

  static async connect(port: number, options: PacedClientOptions): Promise<PacedClient> {
    const { connections } = options;
    const lanes = Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return new Lane(socket, options);
    });
    return new PacedClient(await Promise.all(lanes));
  }

  /** Gives what each of `count` requests took, in milliseconds from when it was due, at `rate` a second. */
  async run(rate: number, count: number): Promise<number[]> {
    const start = performance.now();
    const done: Promise<number>[] = [];
    while (done.length < count) {
      const due = Math.min(count, Math.floor(((performance.now() - start) * rate) / 1_000));
      while (done.length < due) {
        const lane = this.#lanes[done.length % this.#lanes.length];
        if (lane) done.push(lane.ask(start + (done.length / rate) * 1_000));
      }
      // No timer: those wait for a millisecond at least, which is longer than most answers take.
      await turn();
    }
    return Promise.all(done);
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}

interface Waiting {
  readonly dueAt: number;
  resolve(latencyMs: number): void;
  reject(error: Error): void;
}

/** One connection, one request at a time. */
class Lane {
  readonly #socket: Socket;
  readonly #message: Buffer;
  readonly #answerBytes: number;
  readonly #waiting: Waiting[] = [];
  #missing = 0;

  constructor(socket: Socket, { message, answerBytes }: PacedClientOptions) {
    this.#socket = socket;
    this.#message = message;
    this.#answerBytes = answerBytes;
    socket.on('data', (data) => this.#received(data.length));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('Cannot go on as the server has closed')));
  }

  ask(dueAt: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ dueAt, resolve, reject });
      if (this.#waiting.length === 1) this.#send();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(): void {
    this.#missing = this.#answerBytes;
    this.#socket.write(this.#message);
  }

  #received(bytes: number): void {
    this.#missing -= bytes;
    if (this.#missing > 0) return;
    const answered = this.#waiting.shift();
    answered?.resolve(performance.now() - answered.dueAt);
    if (this.#waiting.length > 0) this.#send();
  }

  #fail(error: Error): void {
    for (const each of this.#waiting.splice(0)) each.reject(error);
  }
}
