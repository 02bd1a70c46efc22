import { BaseProtocol, type CloseReason } from '@hawser/core';

/** The client side of a dialogue, as scripted by a test. */
export class SmtpClient extends BaseProtocol {
  /** Everything the server said. */
  said = '';
  closedWith: CloseReason | undefined;
  readonly closed: Promise<CloseReason>;
  #settleClosed: (reason: CloseReason) => void = () => undefined;
  #read = 0;
  #wakes: (() => void)[] = [];

  constructor() {
    super();
    this.closed = new Promise((done) => {
      this.#settleClosed = done;
    });
  }

  override dataReceived(data: Buffer): void {
    this.said += data.toString('latin1');
    this.#wake();
  }

  override connectionLost(reason: CloseReason): void {
    this.closedWith = reason;
    this.#wake();
    this.#settleClosed(reason);
  }

  /** Sends, unless the connection has ended meanwhile. */
  send(text: string | Buffer): void {
    if (!this.transport.ending) this.transport.write(Buffer.from(text));
  }

  /** The next whole reply, its lines joined by LF. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(this.said.slice(this.#read));
      if (match) {
        this.#read += match[0].length;
        return match[0].trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.closedWith) throw new Error(`Closed (${this.closedWith.kind}): ${this.said}`);
      await new Promise<void>((wake) => this.#wakes.push(wake));
    }
  }

  /** Sends one command line and gives the reply. */
  command(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** What the server says until it closes. */
  async rest(): Promise<string> {
    await this.closed;
    return this.said.slice(this.#read);
  }

  /** Greeting and EHLO. */
  async greet(): Promise<void> {
    await this.reply();
    await this.command('EHLO client.example');
  }

  /** MAIL, RCPT and DATA, up to the 354. */
  async beginData(): Promise<string> {
    await this.command('MAIL FROM:<ann@example.org>');
    await this.command('RCPT TO:<bob@example.net>');
    return this.command('DATA');
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
