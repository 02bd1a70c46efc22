import type { CodecLimits, RequestSink } from '../contract/codec.ts';
import type { RequestHead } from '../contract/message-head.ts';
import { RequestHeadReader } from './request-head-reader.ts';
import { WireReader, withDefaultLimits } from './wire-reader.ts';

/**
 * Reads requests, one after the other: what a server reads (RFC 9112). Strict: octets that two readers could take for two
 * things are refused.
 *
 * - An empty Host is refused, as `http` and `https` know no empty host (RFC 9110 §4.2.1); so is a Content-Length that came
 *   twice, and any Transfer-Encoding but `chunked`.
 * - A HTAB in or after the value of Content-Length, Transfer-Encoding or Connection is refused, as not all readers take it
 *   for white space.
 * - The target of CONNECT is `host:port`; its request has no body. After CONNECT nothing more is read: what follows is
 *   there for `takeRest`, and whoever feeds should stop: it is kept. The same after a request that asks both to upgrade and to close.
 * - After a request that closes the connection (`keepAlive` is false) what follows is thrown away (RFC 9112 §9.6).
 * - Fields that may not be trailers, such as Content-Length or Authorization, are refused there.
 */
export class RequestReader extends WireReader<RequestHead> {
  constructor(sink: RequestSink, limits: Partial<CodecLimits> = {}) {
    const all = withDefaultLimits(limits);
    super(sink, new RequestHeadReader(all), all);
  }

  /** Reads for another connection from now on. Only while it is `fresh`. */
  serve(sink: RequestSink): void {
    this.attach(sink);
  }
}
