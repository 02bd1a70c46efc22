import type { Protocol, Transport } from '@hawser/core';
import { findIdentification } from './identification.ts';

/** The software name this server tells, as in `SSH-2.0-Hawser`. */
export const SOFTWARE = 'Hawser';
/** What this server says first, at once: some clients wait for it (RFC 4253 §4.2). */
export const IDENTIFICATION: Buffer = Buffer.from(`SSH-2.0-${SOFTWARE}\r\n`);

/** What an {@link IdentificationPreamble} tells. */
export interface IdentificationEvents {
  connected(transport: Transport): void;
  /** The client's line is at the start of `head`, with what followed it. */
  identified(transport: Transport, head: Buffer): void;
}

/**
 * Exchanges the identification lines, then gives the connection on with the client's line, whole, among the unread
 * bytes. ssh2 1.17.0 loses a line that comes in three or more segments, and knows no limit for its length.
 */
export class IdentificationPreamble implements Protocol {
  readonly #events: IdentificationEvents;
  #transport: Transport | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(events: IdentificationEvents) {
    this.#events = events;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#events.connected(transport);
    transport.write(Buffer.from(IDENTIFICATION));
  }

  dataReceived(data: Buffer): void {
    this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
    if (findIdentification(this.#head) === 'more') return;
    if (this.#transport) this.#events.identified(this.#transport, this.#head);
  }

  readEnded(): void {
    this.#transport?.close();
  }
}
