import {
  type CloseReason,
  type Factory,
  type Matcher,
  type Protocol,
  TLS,
  type Transport,
} from '@hawser/core';
import { PREFACE } from './frame-types.ts';
import { Http2Connection, type Http2Settings } from './http2-connection.ts';

const NOTHING = Buffer.alloc(0);

/** The preface of HTTP/2 with prior knowledge (RFC 9113 §3.4). */
export const matchHttp2: Matcher = {
  maxBytes: PREFACE.length,
  test(head) {
    const length = Math.min(head.length, PREFACE.length);
    if (head.compare(PREFACE, 0, length, 0, length) !== 0) return 'no';
    return length === PREFACE.length ? 'yes' : 'more';
  },
};

/**
 * Speaks HTTP/2 beside what `http1` speaks: over TLS as ALPN has agreed, without it with whoever begins with the preface.
 */
export function withHttp2(http1: Factory, settings: Http2Settings): Factory {
  const { name, match, acceptableProtocols = [] } = http1;
  return {
    name,
    match: match && either(match, matchHttp2),
    acceptableProtocols: ['h2', ...acceptableProtocols],
    buildProtocol(incoming) {
      const alpn = incoming.info(TLS)?.alpn;
      if (alpn === 'h2') return new Http2Connection(settings);
      const session = http1.buildProtocol(incoming);
      return alpn === undefined && session ? new EitherVersion(session, settings) : session;
    },
  };
}

/** Whichever knows the first bytes. */
function either(one: Matcher, other: Matcher): Matcher {
  return {
    maxBytes: Math.max(one.maxBytes, other.maxBytes),
    test(head) {
      const first = one.test(head);
      if (first === 'yes') return 'yes';
      const second = other.test(head);
      return second === 'no' ? first : second;
    },
  };
}

/**
 * HTTP/1, until the first bytes turn out to be the preface of HTTP/2. It goes on standing before the session of HTTP/1,
 * which costs a call for each chunk; to hand the connection to it would cost it the time it was made.
 */
class EitherVersion implements Protocol {
  readonly #http1: Protocol;
  readonly #settings: Http2Settings;
  #transport: Transport | undefined;
  /** What came, while it may be either; `undefined` once it is HTTP/1. */
  #undecided: Buffer | undefined = NOTHING;

  constructor(http1: Protocol, settings: Http2Settings) {
    this.#http1 = http1;
    this.#settings = settings;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#http1.connectionMade?.(transport);
  }

  dataReceived(data: Buffer): void {
    if (this.#undecided) this.#decide(data, this.#undecided);
    else this.#http1.dataReceived(data);
  }

  readEnded(): void {
    this.#isHttp1();
    this.#http1.readEnded?.();
  }

  writeDrained(): void {
    this.#http1.writeDrained?.();
  }

  drainRequested(deadline: number): void {
    this.#isHttp1();
    this.#http1.drainRequested?.(deadline);
  }

  connectionLost(reason: CloseReason): void {
    this.#http1.connectionLost?.(reason);
  }

  #decide(data: Buffer, before: Buffer): void {
    const head = before.length === 0 ? data : Buffer.concat([before, data]);
    this.#undecided = head;
    switch (matchHttp2.test(head)) {
      case 'more':
        return;
      case 'no':
        this.#isHttp1();
        return;
      case 'yes':
        // It has read nothing; all it has is a timer.
        this.#http1.connectionLost?.({ kind: 'done' });
        this.#transport?.handTo(new Http2Connection(this.#settings), head);
    }
  }

  #isHttp1(): void {
    const head = this.#undecided;
    this.#undecided = undefined;
    if (head && head.length > 0) this.#http1.dataReceived(head);
  }
}
