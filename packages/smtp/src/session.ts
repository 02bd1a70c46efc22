import type { Address, Reactor, Transport } from '@hawser/core';
import type { SMTPServerSession } from 'smtp-server';

/** One client, as the hooks see it. The same object in every hook of a connection. */
export class SmtpSession {
  /** For what a hook waits for, its clock. */
  readonly reactor: Reactor;
  /** Unique among the connections of the reactor. */
  readonly id: number;
  readonly local: Address;
  readonly peer: Address;
  readonly #session: SMTPServerSession;

  constructor(transport: Transport, session: SMTPServerSession) {
    this.reactor = transport.reactor;
    this.id = transport.id;
    this.local = transport.local;
    this.peer = transport.peer;
    this.#session = session;
  }

  /** Whether the session is encrypted, from the start or by STARTTLS. */
  get secure(): boolean {
    return this.#session.secure;
  }

  /** What the client called itself in EHLO or HELO, lower case. It may say anything. */
  get clientName(): string | undefined {
    return this.#session.hostNameAppearsAs || undefined;
  }

  /** What the `auth` hook gave, once the client has authenticated. */
  get user(): unknown {
    return this.#session.user || undefined;
  }
}
