import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP client that says what it is told and remembers what it hears. Disposing hangs up. */
export class Conversation implements Disposable {
  readonly #socket: Socket;
  /** Everything heard that no `waitFor` has taken yet, a character an octet. */
  heard = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.heard += text;
      socket.emit('heard');
    });
    // Whoever waits learns of it by the close that follows.
    socket.on('error', () => undefined);
    socket.on('close', () => socket.emit('heard'));
  }

  static async open(port: number): Promise<Conversation> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Conversation(socket);
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Sends, and waits for the answer to it. */
  async ask(text: string, answer: RegExp): Promise<RegExpExecArray> {
    this.say(text);
    return this.waitFor(answer);
  }

  /** Takes everything up to the end of the first match. Rejects when the peer hangs up before. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.heard);
      if (found) {
        this.heard = this.heard.slice(found.index + found[0].length);
        return found;
      }
      if (this.#socket.closed)
        throw new Error(`The peer hung up before ${pattern}: ${JSON.stringify(this.heard)}`);
      await once(this.#socket, 'heard');
    }
  }

  /** Waits until the peer hangs up, and gives what was still to hear. */
  async end(): Promise<string> {
    this.#socket.end();
    if (!this.#socket.closed) await once(this.#socket, 'close');
    return this.heard;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
