import type { Transport } from '@hawser/core';
import type { IncomingBody, OutgoingBody } from '../contract/body.ts';
import type { FieldLines } from '../contract/field-lines.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import type { SessionEvents, SessionRequest, SwitchedConnection } from './client-session.ts';
import type { RequestPhase } from './http-request-error.ts';
import { Http1RequestBody } from './http1-request-body.ts';
import { http1RequestHead } from './http1-request-head.ts';
import { Inactivity } from './inactivity.ts';
import { type BodySupply, ResponseBody } from './response-body.ts';
import { responseTimeout } from './response-timeout.ts';

/** What an exchange needs of its session. */
export interface Http1ExchangeParts {
  readonly transport: Transport;
  /** The connection has served before. */
  readonly reused: boolean;
  readonly supply: BodySupply;
  /** A timeout, or a body that cannot be sent: the connection is of no use any more. */
  gaveUp(error: Error): void;
  /** One of the two sides is done. */
  finished(): void;
}

/** One request and its response on an HTTP/1 connection. */
export class Http1Exchange {
  readonly isConnect: boolean;
  readonly #request: SessionRequest;
  readonly #events: SessionEvents;
  readonly #parts: Http1ExchangeParts;
  readonly #head: Buffer;
  readonly #quiet: Inactivity;
  #upload: Http1RequestBody | undefined;
  #waitsForContinue = false;
  #continueTimer: { cancel(): void } | undefined;
  #answered = false;
  body: ResponseBody | undefined;
  requestDone = false;
  responseDone = false;
  phase: RequestPhase = 'send';

  /** @throws TypeError when the request cannot be written */
  constructor(request: SessionRequest, events: SessionEvents, parts: Http1ExchangeParts) {
    this.#request = request;
    this.#events = events;
    this.#parts = parts;
    this.#head = http1RequestHead(request);
    this.isConnect = request.method === 'CONNECT';
    this.#quiet = new Inactivity(parts.supply.clock, () => this.#expired());
  }

  /** What the server can have seen. */
  get sent(): 'unread' | 'something' {
    return this.#parts.reused && !this.#answered ? 'unread' : 'something';
  }

  // --- the request ---

  send(): void {
    const { transport, supply } = this.#parts;
    const { body, continueTimeoutMs } = this.#request;
    const head = this.#head;
    if (body === undefined || body instanceof Uint8Array) {
      transport.writeMany(body && body.length > 0 ? [head, body] : [head]);
      this.#requestDone();
      return;
    }
    transport.write(head);
    if (continueTimeoutMs === undefined) {
      this.#openUpload(body.length);
      return;
    }
    this.#waitsForContinue = true;
    const go = (): void => this.#continue();
    this.#continueTimer = supply.clock.callLater(continueTimeoutMs, go);
  }

  drained(): void {
    // Afterwards it is the answer that is waited for.
    if (this.phase === 'send') this.#quiet.rest();
    this.#upload?.drained();
  }

  /** Nobody takes the rest of the body. */
  stopUpload(): void {
    this.#continueTimer?.cancel();
    this.#waitsForContinue = false;
    if (this.requestDone) return;
    this.#upload?.stop();
    this.#events.uploadStopped();
  }

  #continue(): void {
    if (!this.#waitsForContinue) return;
    this.#waitsForContinue = false;
    this.#continueTimer?.cancel();
    const { body } = this.#request;
    if (body && !(body instanceof Uint8Array)) this.#openUpload(body.length);
  }

  #openUpload(length: number | undefined): void {
    const { transport } = this.#parts;
    this.#upload = new Http1RequestBody(transport, length, {
      full: () => {
        if (!this.body) this.#quiet.watch(this.#request.timeouts.bodyIdleMs);
      },
      ended: () => this.#requestDone(),
      failed: (error) => this.#parts.gaveUp(error),
    });
    this.#events.upload(this.#upload satisfies OutgoingBody);
  }

  #requestDone(): void {
    this.requestDone = true;
    if (this.phase === 'send') {
      this.phase = 'head';
      this.#quiet.watch(this.#request.timeouts.headMs);
    }
    this.#parts.finished();
  }

  // --- the response ---

  interim(head: ResponseHeadRead): void {
    this.#answered = true;
    if (head.status === 100) this.#continue();
    this.#events.interim(head);
  }

  head(head: ResponseHeadRead): void {
    this.#answered = true;
    this.phase = 'body';
    this.#quiet.rest();
    // An answer without the body being asked for, or a refusal while it is on its way: nobody will read it.
    if (this.#waitsForContinue || (head.status >= 400 && !this.requestDone)) this.stopUpload();
    this.body = new ResponseBody(head.bodyLength, {
      clock: this.#parts.supply.clock,
      giveUp: (error) => this.#parts.supply.giveUp(error),
      hold: () => {
        this.#quiet.rest();
        this.#parts.supply.hold();
      },
      flow: () => {
        this.#quiet.watch(this.#request.timeouts.bodyIdleMs);
        this.#parts.supply.flow();
      },
    });
    this.#events.head(head, this.body satisfies IncomingBody);
  }

  data(chunk: Buffer): void {
    this.#quiet.touch();
    this.body?.push(chunk);
  }

  end(trailers: FieldLines): void {
    this.responseDone = true;
    this.#quiet.stop();
    this.body?.complete(trailers);
    this.#events.closed();
    this.#parts.finished();
  }

  /** Whether a switch is what the request asked for. */
  switches(head: ResponseHeadRead): boolean {
    if (this.isConnect) return head.status !== 101;
    const { upgrade } = this.#request;
    const at = head.fields.findIndex((name, index) => index % 2 === 0 && name === 'upgrade');
    const answered = at < 0 ? undefined : head.fields[at + 1]?.toLowerCase();
    return upgrade !== undefined && answered === upgrade.toLowerCase() && this.requestDone;
  }

  switched(head: ResponseHeadRead, connection: SwitchedConnection): void {
    this.responseDone = true;
    this.close();
    this.#events.switched(head, connection);
    this.#events.closed();
  }

  // --- the end ---

  fail(error: Error): void {
    this.close();
    this.stopUpload();
    if (this.responseDone) return;
    this.responseDone = true;
    if (this.body) this.body.fail(error);
    else this.#events.failed(error);
    this.#events.closed();
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#quiet.stop();
    this.#continueTimer?.cancel();
  }

  #expired(): void {
    this.#parts.gaveUp(responseTimeout(this.phase, this.#request.timeouts));
  }
}
