// DNS over HTTPS (RFC 8484): the server side, as a handler of @hawser/http.
import type { Address } from '@hawser/core';
import {
  bodyLimit,
  clientOf,
  type HttpContext,
  type HttpHandler,
  HttpResponse,
} from '@hawser/http';
import { usageError } from '../errors.ts';
import { Opcode } from '../numbers.ts';
import type { Responder } from '../server/responder.ts';
import { SharedRoom } from '../server/shared-room.ts';
import { dohMaxAge } from './doh-max-age.ts';

/** Options for {@link doh}. */
export interface DohOptions {
  /** Longest query taken, in octets; more is answered with 413. @defaultValue 65,535 */
  readonly maxQueryBytes?: number | undefined;
  /**
   * Queries whose answers take time, at a time; while there are so many, others are answered with 503. One that its client has
   * given up counts until its answer is there. @defaultValue 4_000
   */
  readonly maxInFlight?: number | undefined;
  /** Octets of those queries; beyond that it is the same. @defaultValue 67_108_864, 64 MiB */
  readonly maxInFlightBytes?: number | undefined;
}

const MEDIA_TYPE = 'application/dns-message';
const MAX_MESSAGE_BYTES = 65_535;

/**
 * Answers DNS queries over HTTP with `responder`, which must be running: GET with `?dns=` in base64url, POST with
 * `application/dns-message`. What DNS has to say is said with status 200, whatever the response code. Other statuses are about HTTP:
 * 400 for no query, 405, 413, 415, and 503 where the handlers kept silent or are too busy. GET takes queries only: any page can make
 * a browser send one, from the network it is in, and that must change nothing. Put it at a path, such as `/dns-query`; behind a proxy
 * `trustProxy` tells it who asks. The queries ought to have come over TLS: that is up to who listens.
 * @throws UsageError `HAWSER_DNS_OPTIONS` for a `maxInFlight` or `maxInFlightBytes` below 1
 *
 * @example
 * const app = router();
 * app.get('/dns-query', doh(responder));
 * app.post('/dns-query', doh(responder));
 */
export function doh(responder: Responder, options: DohOptions = {}): HttpHandler {
  const { maxQueryBytes = MAX_MESSAGE_BYTES, maxInFlight = 4_000 } = options;
  const { maxInFlightBytes = 67_108_864 } = options;
  for (const [name, value] of Object.entries({ maxInFlight, maxInFlightBytes })) {
    if (value >= 1) continue;
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot answer over HTTP as ${name} must be 1 or more: ${value}`,
    );
  }
  const limit = bodyLimit(maxQueryBytes);
  const room = new SharedRoom({ queries: maxInFlight, bytes: maxInFlightBytes });
  const answers = new DohAnswers(responder, room);
  return (request, context) => {
    switch (request.method) {
      case 'GET':
      case 'HEAD': {
        const query = queryOf(request.url);
        if (query === undefined) return refused(400);
        if (query.length > maxQueryBytes) return refused(413);
        if (opcodeOf(query) !== Opcode.Query) return refused(400);
        return answers.answer(query, context);
      }
      case 'POST':
        if (!isMessage(request.headers.get('content-type'))) return refused(415);
        return limit(request, (limited = request) => posted(answers, limited, context), context);
      default:
        return refused(405, { allow: 'GET, HEAD, POST' });
    }
  };
}

async function posted(
  answers: DohAnswers,
  request: Request,
  context: HttpContext,
): Promise<Response> {
  return await answers.answer(Buffer.from(await request.arrayBuffer()), context);
}

/** Asks a responder, and counts what it has not answered yet. */
class DohAnswers {
  readonly #responder: Responder;
  readonly #room: SharedRoom;

  constructor(responder: Responder, room: SharedRoom) {
    this.#responder = responder;
    this.#room = room;
  }

  async answer(query: Buffer, context: HttpContext): Promise<Response> {
    // What deserves no reply over UDP is a wrong request here, where the client waits.
    if (query.length < 12 || ((query[2] ?? 0) & 0x80) !== 0) return refused(400);
    if (this.#room.full) return refused(503);
    const taken = { queries: 1, bytes: query.length };
    this.#room.take(taken);
    try {
      const from = { transport: 'https', client: addressOf(context) } as const;
      const reply = await this.#responder.respond(query, from);
      if (!Buffer.isBuffer(reply)) return refused(503);
      return new HttpResponse(reply, {
        headers: { 'content-type': MEDIA_TYPE, 'cache-control': `max-age=${dohMaxAge(reply)}` },
      });
    } finally {
      this.#room.give(taken);
    }
  }
}

function opcodeOf(query: Buffer): number {
  return ((query[2] ?? 0) >> 3) & 15;
}

/** The message in `?dns=`; undefined if there is none, or it is not base64url. */
function queryOf(url: string): Buffer | undefined {
  const text = new URL(url).searchParams.get('dns');
  // Padding is not allowed (RFC 8484 §6), but some send it.
  if (text === null || !/^[\w-]+={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64url');
}

function isMessage(type: string | null): boolean {
  return type?.split(';')[0]?.trim().toLowerCase() === MEDIA_TYPE;
}

/** Who asks: behind a trusted proxy, whom it names. */
function addressOf(context: HttpContext): Address {
  const { address: host } = clientOf(context);
  const { peer } = context;
  if (host === undefined) return peer;
  const port = 'port' in peer ? peer.port : 0;
  return { kind: 'tcp', host, port, family: host.includes(':') ? 6 : 4 };
}

function refused(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new HttpResponse(null, { status, headers });
}
