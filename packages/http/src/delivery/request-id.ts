import { AddressSet, type InfoKey } from '@hawser/core';
import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { editHeaders } from '../middleware/edit-response.ts';
import { whenThere } from '../routing/now-or-later.ts';

/** Options for {@link requestId}. */
export interface RequestIdOptions {
  /** The field it comes and goes in. @defaultValue `'x-request-id'` */
  readonly header?: string | undefined;
  /** Peers whose own ids are taken: networks, addresses, `'unix'`. @defaultValue none */
  readonly trusted?: Iterable<string> | AddressSet | undefined;
  /** Makes an id. @defaultValue 128 random bits in base64url, 22 characters */
  readonly generate?: ((request: Request, context: HttpContext) => string) | undefined;
}

/** The id of an exchange. Read it by {@link requestIdOf}. */
const REQUEST_ID: InfoKey<string> = { name: 'http request id' };

/** Nothing that could mean anything in a log or a header. */
const WELL_FORMED = /^[\w.:/+=@-]{1,128}$/;

/**
 * Gives each exchange an id, for logs and for the answer: the one a trusted peer has sent if it has up to 128 letters,
 * digits and `._:/+=@-`, and else a new one. `requestIdOf(context)` gives it to what comes after.
 *
 * @throws RangeError if an entry of `trusted` is no address or network; TypeError if `header` is no name
 */
export function requestId(options: RequestIdOptions = {}): Middleware {
  const { header = 'x-request-id', trusted = [], generate = randomId } = options;
  const peers = trusted instanceof AddressSet ? trusted : new AddressSet(trusted);
  void new Headers([[header, '']]);
  return (request, next, context) => {
    const given = peers.has(context.peer) ? request.headers.get(header) : null;
    const id = given !== null && WELL_FORMED.test(given) ? given : generate(request, context);
    context.provide(REQUEST_ID, id);
    return whenThere(next(), (response) =>
      editHeaders(response, (headers) => headers.set(header, id)),
    );
  };
}

/** The id that {@link requestId} has given to the exchange. */
export function requestIdOf(context: Pick<HttpContext, 'info'>): string | undefined {
  return context.info(REQUEST_ID);
}

function randomId(_request: Request, { reactor }: HttpContext): string {
  return reactor.random.bytes(16).toString('base64url');
}
