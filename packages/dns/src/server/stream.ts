// DNS over streams (RFC 1035 §4.2.2, RFC 7766): each message behind its length in two octets, many at once on one
// connection, answered as the answers are ready.
import {
  ByteQueue,
  type CloseReason,
  ConnectionError,
  type DelayedCall,
  type Factory,
  type Protocol,
  TLS,
  type Transport,
} from '@hawser/core';
import { matchDns } from '../match.ts';
import { Rcode } from '../numbers.ts';
import { ConnectionCrowd, type CrowdMember } from './connection-crowd.ts';
import type { QueryContext } from './query.ts';
import type { ReadyReply, ReplyStream } from './reply.ts';
import type { Responder } from './responder.ts';
import { checkStreamOptions, type DnsStreamOptions } from './stream-options.ts';
import { type PumpSink, StreamPump } from './stream-pump.ts';

/** Replies collected before they are written: one chunk of small queries may ask for a hundred megabytes. */
const MAX_BATCH_BYTES = 0xffff;

/**
 * The factory of DNS connections that are answered by `responder`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a time or a number that is not above 0
 */
export function dnsStream(
  responder: Pick<Responder, 'respond'>,
  options: DnsStreamOptions = {},
): Factory<DnsStreamProtocol> {
  const checked = checkStreamOptions(options);
  const crowd = new ConnectionCrowd(checked.crowdedAt);
  return {
    name: 'dns',
    match: matchDns,
    acceptableProtocols: ['dot'],
    buildProtocol: () => new DnsStreamProtocol(responder, checked, crowd),
  };
}

/** The server side of one connection. */
export class DnsStreamProtocol implements Protocol, CrowdMember {
  readonly #responder: Pick<Responder, 'respond'>;
  readonly #idleTimeoutMs: number;
  readonly #maxInFlight: number;
  readonly #crowd: ConnectionCrowd | undefined;
  readonly #input = new ByteQueue();
  #transport: Transport | undefined;
  #timer: DelayedCall | undefined;
  #dueAt = 0;
  #inFlight = 0;
  #paused = false;
  /** The peer does not take what we send. */
  #clogged = false;
  /** What was waiting to be sent when the timer looked last. */
  #pendingBytes = 0;
  readonly #pump = new StreamPump(this.#sink());
  #pumping = false;
  #context: QueryContext | undefined;
  /** No more queries are taken; when those in flight are answered, the connection is closed. */
  #finishing = false;

  constructor(
    responder: Pick<Responder, 'respond'>,
    options: DnsStreamOptions = {},
    crowd?: ConnectionCrowd,
  ) {
    const { idleTimeoutMs, maxInFlight } = checkStreamOptions(options);
    this.#responder = responder;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#maxInFlight = maxInFlight;
    this.#crowd = crowd;
  }

  get idle(): boolean {
    return this.#inFlight === 0 && this.#input.length === 0 && !this.#clogged;
  }

  /** Closes as if it had been idle too long: somebody else needs the place. */
  leave(): void {
    this.#finish();
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#crowd?.join(this);
    this.#touch();
    this.#timer = transport.reactor.clock.callLater(this.#idleTimeoutMs, () => this.#timeUp());
  }

  dataReceived(data: Buffer): void {
    if (this.#finishing) return;
    // Only the first octets of a message buy time: one octet every now and then must not.
    if (this.#input.length === 0) this.#touch();
    this.#input.push(data);
    this.#takeMessages();
  }

  readEnded(): void {
    this.#finish();
  }

  writeDrained(): void {
    this.#clogged = false;
    // Whoever asks something else while a zone is transferred is answered in between (RFC 7766 §6.2.1.1).
    this.#takeMessages();
    this.#pumpOn();
  }

  drainRequested(): void {
    this.#takeMessages();
    this.#finish();
  }

  connectionLost(_reason: CloseReason): void {
    this.#timer?.cancel();
    this.#crowd?.left(this);
    this.#finishing = true;
    this.#transport = undefined;
    this.#input.clear();
    this.#pump.cancel(lost());
  }

  /** Answers every whole message there is room for. Replies that are ready leave together. */
  #takeMessages(): void {
    let replies: Buffer[] = [];
    let bytes = 0;
    while (
      !this.#finishing &&
      this.#inFlight < this.#maxInFlight &&
      !this.#clogged &&
      this.#input.length >= 2
    ) {
      const length = this.#input.readUInt16BE();
      if (length === 0) {
        this.#takeNoMore();
      } else if (this.#input.length < 2 + length) {
        break;
      } else {
        this.#input.skip(2);
        const reply = this.#answer(this.#input.take(length));
        if (reply === undefined) continue;
        replies.push(lengthOf(reply), reply);
        bytes += reply.length;
        if (bytes < MAX_BATCH_BYTES) continue;
        this.#send(replies);
        replies = [];
        bytes = 0;
      }
    }
    this.#send(replies);
    this.#adjustReading();
    this.#closeWhenFinished();
  }

  /** The reply, if it is ready. Otherwise it is sent when it is. */
  #answer(message: Buffer): Buffer | undefined {
    const transport = this.#transport;
    if (transport === undefined) return undefined;
    this.#touch();
    this.#crowd?.touch(this);
    const reply = this.#responder.respond(message, this.#contextOf(transport));
    if (reply instanceof Promise) {
      this.#inFlight++;
      const { reports } = transport.reactor;
      reply
        .then((late) => this.#answered(late))
        .catch((error: unknown) => {
          reports.problem('dns.stream', error);
          transport.abort();
        });
      return undefined;
    }
    if (reply !== undefined && !Buffer.isBuffer(reply)) {
      this.#inFlight++;
      this.#begin(reply);
      return undefined;
    }
    // Whoever sends what is no query has lost the framing, or never spoke DNS.
    if (reply === undefined || ((reply[3] ?? 0) & 15) === Rcode.FormErr) this.#takeNoMore();
    return reply;
  }

  #answered(reply: ReadyReply): void {
    if (reply !== undefined && !Buffer.isBuffer(reply)) {
      this.#begin(reply);
      return;
    }
    this.#inFlight--;
    if (reply !== undefined) this.#send([lengthOf(reply), reply]);
    this.#touch();
    this.#takeMessages();
  }

  #begin(stream: ReplyStream): void {
    const transport = this.#transport;
    if (transport === undefined) {
      stream.cancel(lost());
      return;
    }
    this.#pump.add(stream);
    this.#pumpSoon(transport);
  }

  /** In a turn of its own, so that what is asked together with a transfer is answered first. */
  #pumpSoon({ reactor }: Transport): void {
    if (this.#pumping || this.#clogged) return;
    this.#pumping = true;
    reactor.clock.callSoon(() => {
      this.#pumping = false;
      this.#pumpOn();
    });
  }

  #pumpOn(): void {
    const transport = this.#transport;
    if (transport === undefined || transport.ending) return;
    this.#pump.pump();
    if (this.#pump.busy) this.#pumpSoon(transport);
  }

  #sink(): PumpSink {
    const clogged = (): boolean => this.#clogged;
    return {
      get full() {
        return clogged();
      },
      send: (message) => {
        this.#send([lengthOf(message), message]);
        this.#touch();
      },
      finished: () => {
        this.#inFlight--;
        this.#takeMessages();
      },
      cutOff: () => this.#transport?.abort(),
    };
  }

  #contextOf(transport: Transport): QueryContext {
    this.#context ??= {
      transport: transport.info(TLS) === undefined ? 'tcp' : 'tls',
      client: transport.peer,
      keepaliveMs: this.#idleTimeoutMs,
    };
    return this.#context;
  }

  #send(parts: readonly Buffer[]): void {
    const transport = this.#transport;
    if (parts.length === 0 || transport === undefined) return;
    this.#clogged = !transport.writeMany(parts) && !transport.ending;
  }

  #finish(): void {
    this.#takeNoMore();
    this.#closeWhenFinished();
  }

  #takeNoMore(): void {
    this.#finishing = true;
    this.#input.clear();
  }

  #closeWhenFinished(): void {
    if (this.#finishing && this.#inFlight === 0)
      this.#transport?.close({ deadlineMs: this.#idleTimeoutMs });
  }

  #adjustReading(): void {
    const full = this.#inFlight >= this.#maxInFlight || this.#clogged;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#transport?.pauseReading();
    else this.#transport?.resumeReading();
  }

  #touch(): void {
    const clock = this.#transport?.reactor.clock;
    if (clock !== undefined) this.#dueAt = clock.now() + this.#idleTimeoutMs;
  }

  /** The timer is set once and looks at the clock when it fires: a busy connection does not set timers. */
  #timeUp(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    const { clock } = transport.reactor;
    const full = this.#inFlight >= this.#maxInFlight;
    const { pendingBytes } = transport;
    const taken = this.#clogged && pendingBytes < this.#pendingBytes;
    this.#pendingBytes = pendingBytes;
    const waitingForUs = !this.#clogged && this.#inFlight > 0 && (full || this.#input.length === 0);
    if (waitingForUs || taken) this.#touch();
    const left = this.#dueAt - clock.now();
    if (left > 0) {
      this.#timer = clock.callLater(left, () => this.#timeUp());
    } else if (this.#clogged || this.#inFlight > 0) {
      transport.abort({
        kind: 'timeout',
        timer: this.#clogged ? 'write' : 'read',
        afterMs: this.#idleTimeoutMs,
      });
    } else {
      this.#finish();
    }
  }
}

function lost(): Error {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot send the answer as the client is gone');
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(message.length, 0);
  return length;
}
