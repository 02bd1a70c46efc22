import type { Socket } from 'node:dgram';

/** Most that wait for each other: the first of them is late by what the others take to make. */
const MAX_TOGETHER = 8;

/** A datagram on its way. */
interface Outgoing {
  readonly data: Uint8Array;
  readonly port: number;
  readonly host: string;
}

/**
 * Datagrams that answer others, sent several in a row. Those come in bursts, and to go to the kernel and back for each of
 * them drops from the caches of the processor what the next one needs: a DNS reply costs a tenth less in a row. They leave
 * after the turn of the loop that read what they answer, or sooner if they are many.
 */
export class DatagramOutbox {
  readonly #socket: Socket;
  readonly #failed: (thrown: unknown) => void;
  readonly #waiting: Outgoing[] = [];
  #waitingBytes = 0;
  #planned = false;

  /** `failed` hears of a datagram that `socket` does not take, and must not throw. */
  constructor(socket: Socket, failed: (thrown: unknown) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  /** Bytes that the kernel has not taken yet. */
  get bytes(): number {
    return this.#socket.getSendQueueSize() + this.#waitingBytes;
  }

  /** Sends it after those that wait, together with them. */
  later(datagram: Outgoing): void {
    this.#waitingBytes += datagram.data.length;
    if (this.#waiting.push(datagram) >= MAX_TOGETHER) {
      this.flush();
    } else if (!this.#planned) {
      this.#planned = true;
      setImmediate(DatagramOutbox.#sendPlanned, this);
    }
  }

  /** Sends it now, after those that wait. False if the socket does not take it. */
  now(datagram: Outgoing): boolean {
    this.flush();
    return this.#send(datagram);
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    // Whoever hears of a failure may send something, which flushes again.
    const sending = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const datagram of sending) this.#send(datagram);
  }

  static readonly #sendPlanned = (self: DatagramOutbox): void => {
    self.#planned = false;
    self.flush();
  };

  #send({ data, port, host }: Outgoing): boolean {
    try {
      // Node tells of a datagram that cannot be sent only a callback, which would cost a turn of the tick queue for each one. Of
      // data given with an offset it would make a view.
      this.#socket.send(data, port, host);
      return true;
    } catch (thrown) {
      this.#failed(thrown);
      return false;
    }
  }
}
