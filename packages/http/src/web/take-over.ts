import type { Factory } from '@hawser/core';
import type { HeadersInput } from '../contract/http-handler.ts';
import { HttpResponse } from './http-response.ts';

/** Options for {@link takeOver}. */
export interface TakeOverOptions {
  /** What is spoken from then on, as the peer names it in `Upgrade`, such as `websocket`. Not for CONNECT. */
  readonly protocol?: string | undefined;
  /** Fields of the head. */
  readonly headers?: HeadersInput | undefined;
  /**
   * Whether the head is sent before the protocol begins: 101 to an upgrade, 200 to CONNECT. Otherwise the protocol
   * answers the request itself. @defaultValue true
   */
  readonly sendHead?: boolean | undefined;
}

/**
 * A response that gives the connection to another protocol, with what the peer has sent of it already: for handlers of
 * `Upgrade` and CONNECT. Middleware sees it as any other, may add to its headers, or answer something else instead.
 *
 * A peer that did not ask for `protocol` gets 426, which names it. HTTP/2 has no such thing: 501.
 *
 * @example
 * const app: HttpHandler = () => takeOver(echo, { protocol: 'echo' });
 */
export function takeOver(factory: Factory, options: TakeOverOptions = {}): HttpResponse {
  const { protocol, headers, sendHead = true } = options;
  const status = protocol === undefined ? 200 : 101;
  return HttpResponse.takingOver({ factory, protocol, sendHead }, status, headers);
}
