import { type Protocol, ProtocolError, type Transport, toSocket } from '@hawser/core';
import type { RequestHead } from '../contract/message-head.ts';
import type { HttpErrorCode } from '../errors.ts';
import { expectAnswer } from './expect-answer.ts';
import type { UpgradeHandler } from './upgrade.ts';
import { toUpgradeRequest, type UpgradeRequest } from './upgrade-request.ts';

/** Gives a connection, and what was read of it already, to the handler of an upgrade. */
export type TakeUpgrade = (transport: Transport, rest: Buffer) => void;

/** Which path has a handler for upgrades to WebSocket. */
export class UpgradeTable {
  readonly #handlers: ReadonlyMap<string, UpgradeHandler>;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long a handler may let its peer wait */
  constructor(handlers: Readonly<Record<string, UpgradeHandler>>, timeoutMs: number) {
    this.#handlers = new Map(Object.entries(handlers));
    this.#timeoutMs = timeoutMs;
  }

  /** Who takes the connection of `head`; `undefined` if nobody does on its path. */
  find(head: RequestHead): TakeUpgrade | undefined {
    const [path = ''] = head.target.split('?', 1);
    const handler = this.#handlers.get(path);
    if (!handler) return undefined;
    return (transport, rest) => {
      expectAnswer(transport, this.#timeoutMs);
      transport.handTo(new Upgraded(handler, toUpgradeRequest(head), rest));
    };
  }
}

/** Whether a request asks for a WebSocket (RFC 6455 §4.1) rather than, as many clients do, for HTTP/2. */
export function isWebSocketRequest({ upgrade, bodyLength }: RequestHead): boolean {
  return upgrade !== undefined && bodyLength === 0 && upgrade.toLowerCase() === 'websocket';
}

/** Stands in until the socket is given away, and hears of the wish to stop after that. */
class Upgraded implements Protocol {
  readonly #handler: UpgradeHandler;
  readonly #request: UpgradeRequest;
  readonly #rest: Buffer;
  #transport: Transport | undefined;
  /** Until the handler says otherwise. */
  #drain = (_deadline: number): void => this.#transport?.abort({ kind: 'shutdown' });

  constructor(handler: UpgradeHandler, request: UpgradeRequest, rest: Buffer) {
    this.#handler = handler;
    this.#request = request;
    this.#rest = rest;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    const socket = toSocket(transport, (deadline) => this.#drain(deadline));
    const failed = (thrown: unknown): void => {
      transport.reactor.reports.problem('http.upgrade', thrown);
      transport.abort({ kind: 'protocol', error: upgradeFailed() });
    };
    try {
      const outcome: unknown = this.#handler(this.#request, socket, this.#rest, {
        transport,
        onDrain: (listener) => void (this.#drain = listener),
      });
      // The type lets an async function pass; its rejection would end the process.
      Promise.resolve(outcome).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  // The socket has the bytes.
  dataReceived(): void {}

  drainRequested(deadline: number): void {
    this.#drain(deadline);
  }
}

function upgradeFailed(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>('HAWSER_HTTP_MALFORMED', 'Cannot switch protocols');
}
