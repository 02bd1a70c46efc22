import { type CloseReason, describeReason, type Protocol, type Transport } from '@hawser/core';
import { Conversation } from './conversation.ts';

/**
 * The server's side of one HTTP/1 connection (RFC 9112).
 *
 * ```text
 * open ──► draining ──► over        open ──► over, also when another protocol takes the connection
 * ```
 *
 * One request is answered at a time. Everything that happens ends in `settle`, which alone decides what is next: to read
 * on, to hand over, to close, to send, and when to look at the time again.
 */
export class Http1Session extends Conversation implements Protocol {
  #flushDue = false;

  // --- what the transport says ---

  connectionMade(transport: Transport): void {
    this.begin(transport);
    this.deadlines.arm();
  }

  dataReceived(chunk: Buffer): void {
    this.busy = true;
    if (this.input.feed(chunk)) this.settle();
    this.busy = false;
  }

  readEnded(): void {
    this.busy = true;
    this.peerEndedItsSide();
    this.settle();
  }

  writeDrained(): void {
    this.busy = true;
    this.peerTookAll();
    this.settle();
  }

  drainRequested(): void {
    if (this.state !== 'open') return;
    this.busy = true;
    this.state = 'draining';
    this.drainBegan();
    this.settle();
  }

  connectionLost(reason: CloseReason): void {
    this.state = 'over';
    this.peerLeft(`the peer is gone: ${describeReason(reason)}`);
  }

  // --- what is next ---

  protected override settle(): void {
    this.busy = true;
    this.input.settle();
    this.busy = false;
    if (this.state === 'over') return;
    if (this.successor) this.#handOver(this.successor);
    else if (!this.exchange && this.#isLast) this.#close();
    else this.#goOn();
  }

  protected override streamBegan(): void {
    if (this.busy) return;
    this.#flushSoon();
    this.deadlines.arm();
  }

  get #isLast(): boolean {
    return this.last || (this.state === 'draining' && this.input.isIdle);
  }

  #goOn(): void {
    // While the next request of a pipeline waits for its answer, more answers may come in this turn.
    if (this.exchange?.begun === false) this.#flushSoon();
    else this.output.flush();
    this.deadlines.arm();
  }

  #flushSoon(): void {
    if (this.#flushDue || !this.output.gathered) return;
    this.#flushDue = true;
    this.transport.reactor.clock.callSoon(() => {
      this.#flushDue = false;
      if (this.state !== 'over') this.output.flush();
    });
  }

  #close(): void {
    this.endInput();
    this.output.flush();
    // Whoever takes an answer slowly has more time than `close` gives.
    if (this.output.full) {
      this.deadlines.watchSending();
      this.deadlines.arm();
      return;
    }
    this.state = 'over';
    this.deadlines.cancel();
    this.transport.close();
  }

  #handOver(next: (rest: Buffer) => void): void {
    this.output.flush();
    this.state = 'over';
    this.deadlines.cancel();
    next(this.input.takeRest());
  }
}
