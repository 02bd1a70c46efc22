import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type DelayedCall, ProtocolError, type Transport } from '@hawser/core';
import { closeGently } from './drain.ts';
import type { HttpErrorCode } from './errors.ts';
import { Exchange, type ExchangeParts } from './exchange.ts';
import type { HttpHandler } from './http-handler.ts';
import type { HttpLimits } from './http-options.ts';
import { formatRefusal, refusalOf } from './refusal.ts';
import {
  asksForWebSocket,
  type UpgradeHandler,
  upgradeHandlerOf,
  withoutUpgrade,
} from './upgrade.ts';

/**
 * Requests that may wait behind the one that is answered. Reading stops at the first; one read of 64 KiB cannot hold
 * as many as this.
 */
const MAX_WAITING = 4_096;

/** The events that node's server still listens to on a socket it has let go of. */
const LEFT_BEHIND = ['pause', 'resume', 'timeout'] as const;

/** What all connections of one factory share. */
export interface HttpSettings {
  readonly handler: HttpHandler;
  readonly limits: HttpLimits;
  readonly websocket: Readonly<Record<string, UpgradeHandler>>;
  readonly server: Server;
}

/**
 * One connection on node's server: what node does only for connections it accepted itself, on the reactor's clock.
 *
 * ```text
 * open ──► draining ──► closing        open, draining ──► upgraded
 * ```
 *
 * `draining` ends after the answers that are owed; `closing` discards input until the peer has fetched the rest.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #transport: Transport;
  readonly #settings: HttpSettings;
  /** In order; the first is being answered. */
  readonly #exchanges: Exchange[] = [];
  #state: 'open' | 'draining' | 'upgraded' | 'closing' = 'open';
  #timer: DelayedCall | undefined;
  #bytesBefore = 0;
  /** The status to end with once the answers that are owed have left. */
  #refusal: number | undefined;
  #peerEnded = false;
  #drainUpgraded: ((deadline: number) => void) | undefined;

  constructor(socket: Socket, transport: Transport, settings: HttpSettings) {
    this.#socket = socket;
    this.#transport = transport;
    this.#settings = settings;
    // How node ends a connection after its last answer; its own way may cut that answer off.
    socket.destroySoon = () => this.close();
    // Node resumes at the end of each message, also while others wait.
    const resume = socket.resume.bind(socket);
    socket.resume = () => (this.#isFull ? socket : resume());
    socket.on('end', this.#inputEnded);
    transport.onClose(() => this.#lost());
    this.#await(settings.limits.headTimeoutMs);
  }

  /** A head has arrived. */
  requestReceived(
    message: IncomingMessage,
    answer: ServerResponse,
    expects?: ExchangeParts['expects'],
  ): void {
    if (this.#state === 'closing' || this.#state === 'upgraded') return;
    this.#timer?.cancel();
    const { handler, limits } = this.#settings;
    const exchange = new Exchange({
      message,
      answer,
      transport: this.#transport,
      handler,
      limits,
      expects,
      lastAnswer: () => this.#state !== 'open' && this.#exchanges.length <= 1,
    });
    this.#exchanges.push(exchange);
    if (this.#exchanges.length === 1) {
      void this.#run(exchange);
    } else if (this.#exchanges.length > MAX_WAITING) {
      this.#transport.abort(malformed());
    } else {
      this.#socket.pause();
    }
  }

  /** Node's parser has given up on the input. What is owed is answered before the peer is told. */
  inputFailed(status: number): void {
    if (this.#state === 'closing' || this.#state === 'upgraded') return;
    this.#refusal ??= status;
    const last = this.#exchanges.at(-1);
    if (last) last.inputFailed(malformed());
    else this.#refuse(this.#refusal);
  }

  /** The peer asks for another protocol, and node's parser has let go of the socket. */
  upgradeReceived(message: IncomingMessage, head: Buffer): void {
    const { limits, server, websocket } = this.#settings;
    if (this.#state === 'closing') return;
    // The peer cannot know yet which protocol the next bytes are in.
    if (this.#exchanges.length > 0) {
      this.#transport.abort(malformed());
      return;
    }
    if (message.method === 'CONNECT') {
      this.#refuse(501);
      return;
    }
    if (!asksForWebSocket(message)) {
      this.#timer?.cancel();
      if (head.length > 0) this.#socket.unshift(head);
      this.#socket.unshift(withoutUpgrade(message));
      this.#socket.off('end', this.#inputEnded);
      this.#socket.on('end', this.#inputEnded);
      // Node leaves these behind when it lets go of a socket; a peer that asks again and again would pile them up.
      for (const event of LEFT_BEHIND) this.#socket.removeAllListeners(event);
      server.emit('connection', this.#socket);
      return;
    }
    const refusal = refusalOf(message, limits.maxBodyBytes);
    const handler = upgradeHandlerOf(message, websocket);
    if (refusal !== undefined || !handler) this.#refuse(refusal ?? 404);
    // It would hear of the end of the process only when its time is up.
    else if (this.#state === 'draining') this.#refuse(503);
    else this.#upgrade(handler, message, head);
  }

  /** Ends after what is owed, saying so in the last answer. */
  drain(deadline: number): void {
    if (this.#state === 'upgraded') this.#drainUpgraded?.(deadline);
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    if (this.#exchanges.length === 0 && !this.#headStarted) this.close();
  }

  /** Ends once everything written has left. */
  close(): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.#timer?.cancel();
    this.#timer = closeGently(this.#socket, this.#transport);
  }

  async #run(exchange: Exchange): Promise<void> {
    await exchange.run();
    this.#exchanges.shift();
    const [next] = this.#exchanges;
    if (this.#state === 'closing') return;
    if (next) {
      void this.#run(next);
    } else if (this.#refusal !== undefined) {
      this.#refuse(this.#refusal);
    } else if (this.#peerEnded || this.#state === 'draining') {
      this.close();
    } else {
      this.#socket.resume();
      this.#awaitNext();
    }
  }

  #upgrade(handler: UpgradeHandler, message: IncomingMessage, head: Buffer): void {
    this.#state = 'upgraded';
    this.#timer?.cancel();
    this.#socket.off('end', this.#inputEnded);
    Reflect.deleteProperty(this.#socket, 'destroySoon');
    Reflect.deleteProperty(this.#socket, 'resume');
    const transport = this.#transport;
    // Until the handler says otherwise.
    this.#drainUpgraded = () => transport.abort({ kind: 'shutdown' });
    const failed = (thrown: unknown): void => {
      transport.reactor.reports.problem('http.upgrade', thrown);
      transport.abort({ kind: 'protocol', error: malformed() });
    };
    try {
      const outcome: unknown = handler(message, this.#socket, head, {
        transport,
        onDrain: (listener) => void (this.#drainUpgraded = listener),
      });
      // The type lets an async function pass; its rejection would end the process.
      Promise.resolve(outcome).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** Answers without a parser, then ends. */
  #refuse(status: number): void {
    if (this.#state === 'closing') return;
    if (this.#socket.writable) {
      this.#socket.write(formatRefusal(status, this.#transport.reactor.clock), 'latin1');
    }
    this.close();
  }

  /** Whether no more requests may come for now. */
  get #isFull(): boolean {
    return this.#exchanges.length > 1 && (this.#state === 'open' || this.#state === 'draining');
  }

  get #headStarted(): boolean {
    return this.#transport.bytesRead > this.#bytesBefore;
  }

  /** Waits for a head; what has come by then decides whether a word of farewell is due. */
  #await(ms: number): void {
    this.#timer = this.#transport.reactor.clock.callLater(ms, () => {
      if (this.#headStarted) this.#refuse(408);
      else this.close();
    });
  }

  /** Waits for the first byte of another request, and then for its head. Bytes are noticed at the end of a step. */
  #awaitNext(): void {
    const { keepAliveTimeoutMs, headTimeoutMs } = this.#settings.limits;
    const { clock } = this.#transport.reactor;
    this.#bytesBefore = this.#transport.bytesRead;
    const until = clock.now() + keepAliveTimeoutMs;
    const look = (): void => {
      const left = until - clock.now();
      if (this.#headStarted) this.#await(headTimeoutMs);
      else if (left <= 0) this.close();
      else this.#timer = clock.callLater(Math.min(left, headTimeoutMs), look);
    };
    look();
  }

  readonly #inputEnded = (): void => {
    this.#peerEnded = true;
    if (this.#exchanges.length === 0) this.close();
    for (const exchange of this.#exchanges) exchange.peerEnded();
  };

  #lost(): void {
    this.#state = 'closing';
    this.#timer?.cancel();
    for (const exchange of this.#exchanges) exchange.lost();
  }
}

function malformed(): ProtocolError<HttpErrorCode> {
  return new ProtocolError<HttpErrorCode>('HAWSER_HTTP_MALFORMED', 'Cannot understand the input');
}
