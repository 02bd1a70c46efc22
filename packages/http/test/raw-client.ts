import { type CloseReason, type Protocol, type Transport } from '@hawser/core';

/** A peer that a test speaks for, byte by byte. */
export class RawClient implements Protocol {
  /** Settles when the server has ended its side or the connection is gone. */
  readonly ended: Promise<void>;
  /** Settles when the connection is gone. */
  readonly lost: Promise<CloseReason>;
  received = '';
  isLost = false;
  #transport: Transport | undefined;
  #end: () => void = () => undefined;
  #lose: (reason: CloseReason) => void = () => undefined;
  #isOver = false;
  #heard: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((done) => {
      this.#end = done;
    });
    this.lost = new Promise((done) => {
      this.#lose = done;
    });
  }

  get transport(): Transport {
    if (!this.#transport) throw new Error('not connected');
    return this.#transport;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.received += data.toString('latin1');
    this.#heard();
  }
  readEnded(): void {
    this.#over();
    this.transport.end();
  }
  connectionLost(reason: CloseReason): void {
    this.isLost = true;
    this.#over();
    this.#lose(reason);
  }

  send(...text: readonly string[]): void {
    for (const each of text) this.transport.write(Buffer.from(each, 'latin1'));
  }

  /** Waits for an answer with Content-Length, takes it and gives it. */
  async answer(options: { readonly head?: boolean } = {}): Promise<string> {
    for (;;) {
      const bodyAt = this.received.indexOf('\r\n\r\n') + 4;
      if (bodyAt >= 4) {
        const length = /^content-length: (\d+)/im.exec(this.received.slice(0, bodyAt))?.[1] ?? '0';
        const end = bodyAt + (options.head ? 0 : Number(length));
        if (this.received.length >= end) {
          const answer = this.received.slice(0, end);
          this.received = this.received.slice(end);
          return answer;
        }
      }
      await this.#more();
    }
  }

  /** Waits until what was received and not taken contains `text`. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) await this.#more();
    return this.received;
  }

  async #more(): Promise<void> {
    if (this.#isOver) throw new Error(`Ended after ${JSON.stringify(this.received)}`);
    await new Promise<void>((heard) => {
      this.#heard = heard;
    });
  }

  #over(): void {
    this.#isOver = true;
    this.#heard();
    this.#end();
  }
}
