// DNS over streams (RFC 1035 §4.2.2, RFC 7766): each message behind its length in two octets, many at once on one
// connection, answered as the answers are ready.
import {
  ByteQueue,
  type CloseReason,
  ConnectionError,
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
import { type RoomWaiter, SharedRoom } from './shared-room.ts';
import { shownCertificate } from './shown-certificate.ts';
import {
  type CheckedStreamOptions,
  checkStreamOptions,
  type DnsStreamOptions,
} from './stream-options.ts';
import { type PumpSink, StreamPump } from './stream-pump.ts';
import { type StreamActivity, StreamTimer } from './stream-timer.ts';

/** Replies collected before they are written: one chunk of small queries may ask for a hundred megabytes. */
const MAX_BATCH_BYTES = 0xffff;
/** Messages taken in one go: a chunk holds thousands, and everybody else waits for all of them. */
const MAX_TAKEN = 100;
/** Most that a query keeps in memory besides its own octets: it may be a few of a chunk of 64 KiB. */
const MAX_KEPT_BYTES = 0x4000;

/**
 * The factory of DNS connections that are answered by `responder`.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a time or a number that is not above 0
 */
export function dnsStream(
  responder: Pick<Responder, 'respond'>,
  options: DnsStreamOptions = {},
): Factory<DnsStreamProtocol> {
  const checked = checkStreamOptions(options);
  const shared = {
    crowd: new ConnectionCrowd(checked.crowdedAt),
    room: roomFor(checked),
  };
  return {
    name: 'dns',
    match: matchDns,
    acceptableProtocols: ['dot'],
    buildProtocol: () => new DnsStreamProtocol(responder, checked, shared),
  };
}

/** What the connections of one factory have together. */
export interface SharedLimits {
  readonly crowd: ConnectionCrowd;
  readonly room: SharedRoom;
}

/** The server side of one connection. */
export class DnsStreamProtocol implements Protocol, CrowdMember, RoomWaiter {
  readonly #responder: Pick<Responder, 'respond'>;
  readonly #limits: CheckedStreamOptions;
  readonly #crowd: ConnectionCrowd | undefined;
  readonly #room: SharedRoom;
  readonly #input = new ByteQueue();
  readonly #pump = new StreamPump(this.#sink());
  #transport: Transport | undefined;
  #timer: StreamTimer | undefined;
  #context: QueryContext | undefined;
  /** Queries that are not answered to their end, transfers included. */
  #inFlight = 0;
  /** Octets of replies that the peer does not take, as the room knows of them. */
  #untaken = 0;
  #paused = false;
  /** Enough was taken for this turn. */
  #resting = false;
  /** Since when the peer does not take what we send. */
  #cloggedAt: number | undefined;
  /** What the peer does not take is part of a transfer, or behind one. */
  #transferring = false;
  /** No more queries are taken; when those in flight are answered, the connection is closed. */
  #finishing = false;

  constructor(
    responder: Pick<Responder, 'respond'>,
    options: DnsStreamOptions = {},
    shared?: SharedLimits,
  ) {
    this.#responder = responder;
    this.#limits = checkStreamOptions(options);
    this.#crowd = shared?.crowd;
    this.#room = shared?.room ?? roomFor(this.#limits);
  }

  get state(): CrowdMember['state'] {
    if (this.#inFlight > 0) return 'busy';
    return this.#input.length === 0 && this.#cloggedAt === undefined ? 'idle' : 'halfway';
  }

  /** Closes as if it had been idle too long: somebody else needs the place. */
  leave(): void {
    if (this.state === 'halfway') this.#transport?.abort();
    else this.#finish();
  }

  roomMade(): void {
    this.#takeMessages();
  }

  soon(call: () => void): void {
    this.#transport?.reactor.clock.callSoon(call);
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#crowd?.join(this);
    this.#timer = new StreamTimer({
      clock: transport.reactor.clock,
      limits: this.#limits,
      activity: () => this.#activity(transport),
      timeUp: (afterMs) => this.#timeUp(afterMs),
    });
  }

  dataReceived(data: Buffer): void {
    if (this.#finishing) return;
    // Only the first octets of a message buy time: one octet every now and then must not.
    if (this.#input.length === 0) this.#timer?.touch();
    this.#input.push(data);
    this.#takeMessages();
  }

  readEnded(): void {
    this.#finish();
  }

  writeDrained(): void {
    this.#cloggedAt = undefined;
    this.#weigh(0);
    this.#transferring = this.#pump.busy;
    // Whoever asks something else while a zone is transferred is answered in between (RFC 7766 §6.2.1.1).
    this.#takeMessages();
    this.#pump.pump();
  }

  drainRequested(): void {
    this.#resting = false;
    this.#takeMessages(Number.POSITIVE_INFINITY);
    this.#finish();
  }

  connectionLost(_reason: CloseReason): void {
    this.#timer?.stop();
    this.#crowd?.left(this);
    this.#room.leave(this);
    this.#finishing = true;
    this.#transport = undefined;
    this.#input.clear();
    this.#pump.cancel(lost());
    this.#weigh(0);
    // Answers that are being made go on, and keep their places.
    this.#room.give({ queries: this.#pump.count, bytes: this.#pump.queryBytes });
  }

  /** Answers whole messages while there is room. Replies that are ready leave together. */
  #takeMessages(most = MAX_TAKEN): void {
    let replies: Buffer[] = [];
    let bytes = 0;
    let taken = 0;
    while (this.#mayTake() && this.#input.length >= 2) {
      const length = this.#input.readUInt16BE();
      if (length === 0) {
        this.#takeNoMore();
      } else if (this.#input.length < 2 + length) {
        break;
      } else if (taken >= most) {
        this.#rest();
      } else {
        taken++;
        this.#input.skip(2);
        const reply = this.#answer(this.#takeMessage(length));
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

  #takeMessage(length: number): Buffer {
    const message = this.#input.take(length);
    if (message.buffer.byteLength - length <= MAX_KEPT_BYTES) return message;
    // In memory of its own: the slab that small buffers share is as large as a chunk on some versions of node.
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(message);
    return copy;
  }

  #mayTake(): boolean {
    return !this.#finishing && !this.#resting && this.#cloggedAt === undefined && !this.#full;
  }

  /** As many are answered as may be. Whoever has none in flight may always ask, or one client could silence the others. */
  get #full(): boolean {
    return this.#inFlight >= this.#limits.maxInFlight || (this.#inFlight > 0 && this.#room.full);
  }

  /** Goes on when others have had their turn. */
  #rest(): void {
    this.#resting = true;
    this.#transport?.reactor.clock.callSoon(() => {
      this.#resting = false;
      this.#takeMessages();
    });
  }

  /** The reply, if it is ready. Otherwise it is sent when it is. */
  #answer(message: Buffer): Buffer | undefined {
    const transport = this.#transport;
    if (transport === undefined) return undefined;
    this.#timer?.touch();
    this.#crowd?.touch(this);
    const reply = this.#responder.respond(message, this.#contextOf(transport));
    const queryBytes = message.length;
    if (reply instanceof Promise) {
      this.#begun(queryBytes);
      const { reports } = transport.reactor;
      reply
        .then((late) => this.#answered(late, queryBytes))
        .catch((error: unknown) => {
          reports.problem('dns.stream', error);
          transport.abort();
        });
      return undefined;
    }
    if (reply !== undefined && !Buffer.isBuffer(reply)) {
      this.#begun(queryBytes);
      this.#begin(reply, queryBytes);
      return undefined;
    }
    if (reply === undefined || isSenseless(reply)) this.#takeNoMore();
    return reply;
  }

  #answered(reply: ReadyReply, queryBytes: number): void {
    if (reply !== undefined && !Buffer.isBuffer(reply)) {
      this.#begin(reply, queryBytes);
      return;
    }
    this.#over(queryBytes);
    if (reply !== undefined) this.#send([lengthOf(reply), reply]);
    this.#timer?.touch();
    this.#takeMessages();
  }

  #begun(bytes: number): void {
    this.#inFlight++;
    this.#room.take({ queries: 1, bytes });
  }

  #over(bytes: number): void {
    this.#inFlight--;
    this.#room.give({ queries: 1, bytes });
  }

  #begin(stream: ReplyStream, queryBytes: number): void {
    const transport = this.#transport;
    if (transport === undefined) {
      stream.cancel(lost());
      this.#over(queryBytes);
      return;
    }
    this.#transferring = true;
    const dueAt = transport.reactor.clock.now() + this.#limits.transferTimeoutMs;
    this.#pump.add(stream, { dueAt, queryBytes });
  }

  #sink(): PumpSink {
    const full = (): boolean =>
      this.#cloggedAt !== undefined || this.#transport === undefined || this.#transport.ending;
    return {
      get full() {
        return full();
      },
      // What is asked together with a transfer is answered first.
      soon: (call) => this.soon(call),
      send: (message) => {
        this.#send([lengthOf(message), message]);
        this.#timer?.touch();
      },
      finished: (queryBytes) => {
        if (this.#cloggedAt === undefined) this.#transferring = this.#pump.busy;
        this.#over(queryBytes);
        this.#takeMessages();
      },
      cutOff: () => this.#transport?.abort(),
    };
  }

  #contextOf(transport: Transport): QueryContext {
    if (this.#context === undefined) {
      const info = transport.info(TLS);
      this.#context = {
        transport: info === undefined ? 'tcp' : 'tls',
        client: transport.peer,
        keepaliveMs: this.#limits.idleTimeoutMs,
        clientCertificate: info && shownCertificate(info),
      };
    }
    return this.#context;
  }

  #send(parts: readonly Buffer[]): void {
    const transport = this.#transport;
    if (parts.length === 0 || transport === undefined) return;
    if (transport.writeMany(parts) || transport.ending) {
      this.#cloggedAt = undefined;
      this.#weigh(0);
      return;
    }
    const { pendingBytes, reactor } = transport;
    this.#cloggedAt ??= reactor.clock.now();
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    this.#timer?.sent(bytes, pendingBytes);
    this.#weigh(pendingBytes);
  }

  /** Whoever asks and takes no answers must not fill the memory: answers that are on their way are sent in any case. */
  #weigh(untaken: number): void {
    const more = untaken - this.#untaken;
    if (more === 0) return;
    this.#untaken = untaken;
    if (more > 0) this.#room.take({ queries: 0, bytes: more });
    else this.#room.give({ queries: 0, bytes: -more });
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
      this.#transport?.close({ deadlineMs: this.#limits.idleTimeoutMs });
  }

  #adjustReading(): void {
    const full = this.#full;
    if (full && this.#room.full && this.#transport !== undefined) this.#room.wait(this);
    const paused = full || this.#resting || this.#cloggedAt !== undefined;
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#transport?.pauseReading();
    else this.#transport?.resumeReading();
  }

  #activity({ pendingBytes }: Transport): StreamActivity {
    const clogged = this.#cloggedAt !== undefined;
    return {
      pendingBytes,
      cloggedAt: this.#cloggedAt,
      transferring: this.#transferring,
      transferDueAt: this.#pump.dueAt,
      waitingForUs: !clogged && this.#inFlight > 0 && (this.#full || this.#input.length === 0),
    };
  }

  #timeUp(afterMs: number): void {
    const writing = this.#cloggedAt !== undefined || this.#transferring;
    if (writing || this.#inFlight > 0) {
      this.#transport?.abort({ kind: 'timeout', timer: writing ? 'write' : 'read', afterMs });
    } else {
      this.#finish();
    }
  }
}

function roomFor({ maxInFlightTotal, maxInFlightBytes }: CheckedStreamOptions): SharedRoom {
  return new SharedRoom({ queries: maxInFlightTotal, bytes: maxInFlightBytes });
}

function lost(): Error {
  return new ConnectionError('HAWSER_CLOSED', 'Cannot send the answer as the client is gone');
}

/**
 * True for FORMERR without a question: whoever sends what has none has lost the framing, or never spoke DNS. One wrong question
 * must not end what a proxy asks for all its clients.
 */
function isSenseless(reply: Buffer): boolean {
  return ((reply[3] ?? 0) & 15) === Rcode.FormErr && reply[4] === 0 && reply[5] === 0;
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(message.length, 0);
  return length;
}
