import type { Factory } from '@hawser/core';
import type { HeadersInput } from '../contract/http-handler.ts';
import type { Content } from './response-content.ts';

/** Fields at the end of a streamed body, when they are known then. */
export type Trailers =
  | HeadersInput
  | Promise<HeadersInput>
  | (() => HeadersInput | Promise<HeadersInput>);

/** Who gets the connection instead of an answer. */
export interface TakeOver {
  readonly factory: Factory;
  /** What is spoken from then on, such as `websocket`; `undefined` for a tunnel of CONNECT. */
  readonly protocol: string | undefined;
  /** Whether the head is sent first; otherwise the protocol answers by itself. */
  readonly sendHead: boolean;
}

/** What an `HttpResponse` keeps: for middleware that changes the body, and for who sends it. */
export interface ResponseParts {
  /** A string, bytes or `null` can be used as they are; take anything else by `HttpResponse.takeContent`. */
  readonly content: Content;
  /** Octets of streamed content, where they are known. */
  readonly length: number | undefined;
  readonly trailers: Trailers | undefined;
  readonly takeOver: TakeOver | undefined;
}

/** What few responses have. */
export interface MoreParts {
  readonly length?: number | undefined;
  readonly trailers?: Trailers | undefined;
  readonly takeOver?: TakeOver | undefined;
}
