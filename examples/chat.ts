/**
 * A chat with rooms: `npm run example examples/chat.ts`, then `nc 127.0.0.1 7000` in two terminals. Say your name, then
 * talk; `/join garden` changes the room, `/who` tells who is there, `/quit` leaves.
 */
import { BaseProtocol, LineDecoder, run, serve } from '@hawser/core';

const everybody = new Map<string, Guest>();
const rooms = new Map<string, Set<Guest>>();

class Guest extends BaseProtocol {
  readonly #lines = new LineDecoder({ maxBytes: 512 });
  #name = '';
  #room = '';

  get name(): string {
    return this.#name;
  }

  override connected(): void {
    this.tell('Who are you?');
  }

  dataReceived(data: Buffer): void {
    for (const line of this.#lines.push(data)) {
      // Nobody should be able to draw on the screens of the others.
      const text = line.toString().replace(/\p{Cc}/gu, '');
      const [, command = '', rest = ''] = /^\/(\w+) ?(.*)$/.exec(text) ?? [];
      if (!this.#name) this.#introduce(text);
      else if (command === 'join') this.#enter(rest || 'lobby');
      else if (command === 'who') this.tell([...here(this.#room)].map(nameOf).join(', '));
      else if (command === 'quit') return this.transport.close();
      else if (command) this.tell(`What is /${command}?`);
      else broadcast(this.#room, `${this.#name}: ${text}`);
    }
  }

  drainRequested(): void {
    this.tell('The chat is closing.');
    this.transport.close();
  }

  override connectionLost(): void {
    if (!this.#name) return;
    everybody.delete(this.#name);
    this.#leave();
  }

  tell(text: string): void {
    // A guest may have hung up while others still talk.
    if (this.transport.ending) return;
    this.transport.write(Buffer.from(`${text}\n`));
  }

  #introduce(name: string): void {
    if (!name || everybody.has(name)) return this.tell('Choose another name.');
    this.#name = name;
    everybody.set(name, this);
    this.#enter('lobby');
  }

  #enter(room: string): void {
    if (this.#room) this.#leave();
    this.#room = room;
    rooms.set(room, here(room).add(this));
    broadcast(room, `${this.#name} joined`);
  }

  #leave(): void {
    const room = here(this.#room);
    room.delete(this);
    // A room is there as long as somebody is in it.
    if (room.size === 0) rooms.delete(this.#room);
    broadcast(this.#room, `${this.#name} left`);
  }
}

const here = (room: string): Set<Guest> => rooms.get(room) ?? new Set();
const nameOf = (guest: Guest): string => guest.name;

function broadcast(room: string, text: string): void {
  for (const guest of here(room)) guest.tell(text);
}

const endpoint = process.argv[2] ?? 'tcp://127.0.0.1:7000';
await run(serve(endpoint, { name: 'chat', buildProtocol: () => new Guest() }));
