/**
 * A chat with rooms, as a factory: `chat.ts` serves it. Every `ChatRooms` is a chat of its own, so that a test can have
 * one on a simulated network.
 */
import { BaseProtocol, type Factory, LineDecoder } from '@hawser/core';

export class ChatRooms implements Factory<Guest> {
  readonly name = 'chat';
  readonly #guests = new Map<string, Guest>();
  readonly #rooms = new Map<string, Set<Guest>>();

  buildProtocol(): Guest {
    return new Guest(this);
  }

  /** False if somebody has that name. */
  introduce(guest: Guest, name: string): boolean {
    if (!name || this.#guests.has(name)) return false;
    this.#guests.set(name, guest);
    return true;
  }

  forget(guest: Guest): void {
    this.#guests.delete(guest.name);
  }

  enter(guest: Guest, room: string): void {
    this.#rooms.set(room, this.#in(room).add(guest));
    this.broadcast(room, `${guest.name} joined`);
  }

  leave(guest: Guest, name: string): void {
    const room = this.#in(name);
    room.delete(guest);
    // A room is there as long as somebody is in it.
    if (room.size === 0) this.#rooms.delete(name);
    this.broadcast(name, `${guest.name} left`);
  }

  broadcast(room: string, text: string): void {
    for (const guest of this.#in(room)) guest.tell(text);
  }

  who(room: string): string {
    return [...this.#in(room)].map((guest) => guest.name).join(', ');
  }

  #in(room: string): Set<Guest> {
    return this.#rooms.get(room) ?? new Set();
  }
}

class Guest extends BaseProtocol {
  readonly #chat: ChatRooms;
  readonly #lines = new LineDecoder({ maxBytes: 512 });
  #name = '';
  #room = '';

  constructor(chat: ChatRooms) {
    super();
    this.#chat = chat;
  }

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
      else if (command === 'who') this.tell(this.#chat.who(this.#room));
      else if (command === 'quit') return this.transport.close();
      else if (command) this.tell(`What is /${command}?`);
      else this.#chat.broadcast(this.#room, `${this.#name}: ${text}`);
    }
  }

  drainRequested(): void {
    this.tell('The chat is closing.');
    this.transport.close();
  }

  override connectionLost(): void {
    if (!this.#name) return;
    this.#chat.forget(this);
    this.#chat.leave(this, this.#room);
  }

  tell(text: string): void {
    // A guest may have hung up while others still talk.
    if (this.transport.ending) return;
    this.transport.write(Buffer.from(`${text}\n`));
  }

  #introduce(name: string): void {
    if (!this.#chat.introduce(this, name)) return this.tell('Choose another name.');
    this.#name = name;
    this.#enter('lobby');
  }

  #enter(room: string): void {
    if (this.#room) this.#chat.leave(this, this.#room);
    this.#room = room;
    this.#chat.enter(this, room);
  }
}
