import type { Factory, Matcher } from '../contract/factory.ts';
import { ProtocolError, toError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { StreamProtocol } from './stream-protocol.ts';
import type { StreamSession } from './stream-session.ts';

/** One conversation. What it returns is not looked at, but waited for. */
export type StreamHandler = (connection: Connection, signal: AbortSignal) => unknown;

/** Options for {@link streaming}. */
export interface StreamingOptions {
  /** How a port prints it and reports name it. @defaultValue the name of the function, or "stream" */
  readonly name?: string | undefined;
  /** How `sniff` knows the protocol by its first bytes. */
  readonly match?: Matcher | undefined;
}

/**
 * A factory from an async function. The connection belongs to the function: when it returns, the connection is flushed
 * and closed; when it throws, the error is reported and the connection aborted. A thrown `ProtocolError` is the peer's
 * fault and is not reported, nor is an error that says that the connection was lost.
 *
 * When the process wants to stop, loops over messages end once they wait for one of which nothing has come, see
 * {@link Connection}; a handler that says goodbye looks at `connection.draining` after its loop. What has not
 * returned at the deadline is cut off. `signal` is `connection.signal`: aborted when the connection is lost; a handler
 * that declares one parameter only does not get it.
 *
 * @example
 * const echo = streaming(async (conn) => {
 *   for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
 * });
 */
export function streaming(handler: StreamHandler, options: StreamingOptions = {}): Factory {
  const { name = handler.name || 'stream', match } = options;
  return { name, match, buildProtocol: () => new HandlerProtocol(handler, name) };
}

type OneParameter = (connection: Connection) => unknown;

class HandlerProtocol extends StreamProtocol {
  readonly #handler: StreamHandler;
  readonly #name: string;

  constructor(handler: StreamHandler, name: string) {
    super();
    this.#handler = handler;
    this.#name = name;
  }

  protected override opened(connection: Connection, session: StreamSession): void {
    void this.#run(connection, session);
  }

  async #run(connection: Connection, session: StreamSession): Promise<void> {
    try {
      // A signal is larger than the rest of the connection: 770 bytes and 6 µs. Who declares no parameter for it asks
      // for `connection.signal` if need be.
      if (this.#handler.length === 1) await (this.#handler as OneParameter)(connection);
      else await this.#handler(connection, connection.signal);
      this.#left(session);
    } catch (thrown) {
      this.#failed(session, thrown);
    }
  }

  #left(session: StreamSession): void {
    if (session.givenAway || session.lost) return;
    const { drainDeadline, transport } = session;
    const deadlineMs =
      drainDeadline === undefined
        ? undefined
        : Math.max(0, drainDeadline - transport.reactor.clock.now());
    void session.close({ deadlineMs });
  }

  #failed(session: StreamSession, thrown: unknown): void {
    const error = toError(thrown);
    if (session.explains(error)) {
      this.#left(session);
      return;
    }
    if (!(error instanceof ProtocolError)) {
      session.transport.reactor.reports.problem(`${this.#name}.handler`, error);
    }
    if (!session.givenAway) session.abort({ kind: 'protocol', error });
  }
}
