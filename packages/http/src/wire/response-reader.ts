import type { CodecLimits, ResponseSink } from '../contract/codec.ts';
import type { ResponseHeadRead } from '../contract/message-head.ts';
import { ResponseHeadReader } from './response-head-reader.ts';
import { WireReader, withDefaultLimits } from './wire-reader.ts';

/** A sink that also takes interim responses, such as 100 and 103: those that another response to the same request follows. */
export interface ResponseReaderSink extends ResponseSink {
  interim(head: ResponseHeadRead): void;
}

/**
 * Reads responses, one after the other: what a client reads (RFC 9112). As strict as a server: what frames a body in two
 * ways is refused, even where both say the same.
 *
 * A response that nobody waits for is refused with `unexpected-response`: call `expect` for each request that is sent.
 * After 101, and after 2xx to CONNECT, nothing more is read: what follows is there for `takeRest`. After a response that
 * closes the connection (`keepAlive` is false) what follows is thrown away.
 */
export class ResponseReader extends WireReader<ResponseHeadRead> {
  readonly #heads: ResponseHeadReader;

  constructor(sink: ResponseReaderSink, limits: Partial<CodecLimits> = {}) {
    const all = withDefaultLimits(limits);
    const heads = new ResponseHeadReader(all);
    super(sink, heads, all);
    this.#heads = heads;
  }

  /** A request with `method` was sent: its method says whether its response has a body (RFC 9112 §6.3). */
  expect(method: string): void {
    this.#heads.expect(method);
  }
}
