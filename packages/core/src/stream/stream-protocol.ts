import type { CloseReason } from '../contract/close-reason.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Transport } from '../contract/transport.ts';
import { Connection } from './connection.ts';
import { StreamSession } from './stream-session.ts';

/** What runs a {@link Connection}: it hears the transport and tells the session. */
export class StreamProtocol implements Protocol {
  #session: StreamSession | undefined;
  #connection: Connection | undefined;

  /** The connection, after `connectionMade`. */
  get connection(): Connection {
    if (!this.#connection) throw new TypeError('Cannot use the connection before connectionMade');
    return this.#connection;
  }

  connectionMade(transport: Transport): void {
    this.#session = new StreamSession(transport);
    this.#connection = new Connection(this.#session);
    this.opened(this.#connection, this.#session);
  }

  /** The connection can be used. */
  protected opened(_connection: Connection, _session: StreamSession): void {}

  dataReceived(data: Buffer): void {
    this.#session?.reader.push(data);
  }

  readEnded(): void {
    this.#session?.reader.end();
  }

  writeDrained(): void {
    this.#session?.writer.drained();
  }

  drainRequested(deadline: number): void {
    this.#session?.drain(deadline);
  }

  connectionLost(reason: CloseReason): void {
    this.#session?.lose(reason);
  }
}
