/**
 * A chat for whoever connects: `npm run example examples/chat.ts`, then `nc 127.0.0.1 7000` in two terminals.
 */
import { BaseProtocol, LineDecoder, run, serve } from '@hawser/core';

const members = new Map<string, Chat>();

class Chat extends BaseProtocol {
  readonly #lines = new LineDecoder({ maxBytes: 512 });
  #name = '';

  override connected(): void {
    this.tell('Who are you?');
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      // Nobody should be able to draw on the screens of the others.
      const text = line.toString().replace(/\p{Cc}/gu, '');
      if (this.#name) broadcast(`${this.#name}: ${text}`);
      else this.#join(text);
    }
  }

  drainRequested(): void {
    this.tell('The chat is closing.');
    this.transport.close();
  }

  override connectionLost(): void {
    if (members.delete(this.#name)) broadcast(`${this.#name} left`);
  }

  tell(text: string): void {
    this.transport.write(Buffer.from(`${text}\n`));
  }

  #join(name: string): void {
    if (!name || members.has(name)) return this.tell('Choose another name.');
    this.#name = name;
    members.set(name, this);
    broadcast(`${name} joined`);
  }
}

function broadcast(text: string): void {
  for (const member of members.values()) member.tell(text);
}

const endpoint = process.argv[2] ?? 'tcp://127.0.0.1:7000';
await run(serve(endpoint, { name: 'chat', buildProtocol: () => new Chat() }));
