import type { Deferred } from '@hawser/core';
import type { DnsServer } from './dns-server.ts';

/**
 * Asks over HTTPS (RFC 8484): gives the message that is the body of the response. Cancelling it ends the request.
 * `dohExchange` of `@hawser/dns/http` makes one.
 */
export type HttpsExchange = (server: DnsServer, message: Buffer) => Deferred<Buffer>;
