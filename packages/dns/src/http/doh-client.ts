// DNS over HTTPS (RFC 8484): the client side, over a client of @hawser/http.
import type { Deferred } from '@hawser/core';
import type { ClientResponse, HttpClient } from '@hawser/http';
import { DnsClientError } from '../client/client-error.ts';
import type { DnsServer } from '../client/dns-server.ts';
import type { HttpsExchange } from '../client/https-exchange.ts';
import { readMessage, recordsOf } from '../message/reader.ts';
import { Type } from '../numbers.ts';

/** Options for {@link dohExchange}. */
export interface DohExchangeOptions {
  /**
   * `GET` lets HTTP caches on the way answer as well, and shows them the questions; `POST` is shorter.
   * @defaultValue 'POST'
   */
  readonly method?: 'GET' | 'POST' | undefined;
}

const MEDIA_TYPE = 'application/dns-message';
const MAX_MESSAGE_BYTES = 65_535;
/** Of a record between its TTL and its data. */
const TTL_BEFORE_RDATA = 6;

/**
 * How a `DnsClient` asks servers with `https`: by `client`, which decides about HTTP/1.1 and HTTP/2 and about whom to trust. A server
 * with an IP address and a `serverName` is reached at the address, and its certificate must be good for the name. Redirects are not
 * followed. TTLs are less by what the reply has spent in HTTP caches (RFC 8484 §5.1).
 *
 * @example
 * const https = dohExchange(httpClient(reactor, { protocols: ['h2', 'http/1.1'] }));
 * const client = dnsClient({ reactor, https, servers: ['https://192.0.2.53/dns-query#dns.example.net'] });
 */
export function dohExchange(client: HttpClient, options: DohExchangeOptions = {}): HttpsExchange {
  const { method = 'POST' } = options;
  return (server, message) => {
    const url = urlOf(server);
    const shared = {
      endpoint: endpointOf(server),
      implicitHeaders: false,
      decompress: false,
      redirect: 'manual',
      maxBodyBytes: MAX_MESSAGE_BYTES,
      cookies: false,
    } as const;
    if (method === 'POST') {
      const headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };
      return read(server, client.post(url, { ...shared, headers, body: message }));
    }
    url.searchParams.set('dns', message.toString('base64url'));
    return read(server, client.get(url, { ...shared, headers: { accept: MEDIA_TYPE } }));
  };
}

function read(server: DnsServer, coming: Deferred<ClientResponse>): Deferred<Buffer> {
  return coming
    .addErrback((error): never => {
      throw failure(server, error instanceof Error ? error.message : String(error), error);
    })
    .addCallback((response) => {
      const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (response.status !== 200 || type !== MEDIA_TYPE) {
        response.discard();
        throw failure(server, `its response is ${response.status} with ${type ?? 'no type'}`);
      }
      return response.collect({ maxBytes: MAX_MESSAGE_BYTES }).addBoth((outcome) => {
        if (outcome.state === 'rejected')
          throw failure(server, 'its response ended', outcome.error);
        return aged(outcome.value, Number(response.headers.get('age') ?? 0));
      });
    });
}

/** RFC 8484 §5.1. What is malformed is left to who reads it. */
function aged(message: Buffer, age: number): Buffer {
  const reading = Number.isInteger(age) && age > 0 ? readMessage(message) : undefined;
  if (reading?.ok !== true) return message;
  const copy = Buffer.from(message);
  for (const { ttl, type, rdataOffset } of recordsOf(reading.message)) {
    // The TTL of OPT is no time, and that of TSIG is signed.
    if (type === Type.OPT || type === Type.TSIG) continue;
    copy.writeUInt32BE(Math.max(0, ttl - age), rdataOffset - TTL_BEFORE_RDATA);
  }
  return copy;
}

function urlOf({ serverName, port, path }: DnsServer): URL {
  const host = serverName.includes(':') ? `[${serverName}]` : serverName;
  // Servers are often given as a template (RFC 6570).
  return new URL(`https://${host}:${port}${path.replace(/\{\?dns\}$/, '')}`);
}

/** The way to an address whose name is another; text, so that connections are shared. */
function endpointOf({ host, port, serverName }: DnsServer): string | undefined {
  if (host === serverName) return undefined;
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function failure({ text }: DnsServer, why: string, cause?: unknown): unknown {
  if (isCancelled(cause)) return cause;
  return new DnsClientError('HAWSER_DNS_NETWORK', `Cannot ask ${text}: ${why}`, { cause });
}

function isCancelled(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'HAWSER_CANCELLED';
}
