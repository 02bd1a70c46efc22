import type { Factory } from '@hawser/core';
import type { Responder } from '../contract/exchange.ts';
import type { Http1Settings } from './conversation.ts';
import { type Http1Options, toHttp1Limits } from './http-options.ts';
import { Http1Session } from './http1-session.ts';
import { limitConnections } from './limit-connections.ts';
import { matchHttp, matchMethods } from './match.ts';
import { ReaderPool } from './reader-pool.ts';
import { UpgradeTable } from './upgrade-table.ts';

/**
 * Speaks HTTP/1.1 and 1.0 (RFC 9112) and lets `responder` answer every exchange, also CONNECT, TRACE and `OPTIONS *`:
 * for what has no use for a Request and a Response, such as a proxy. Everybody else wants {@link http}.
 *
 * @throws RangeError when a limit is not above 0
 */
export function http1(responder: Responder, options: Http1Options = {}): Factory {
  const limits = toHttp1Limits(options);
  const settings: Http1Settings = {
    responder,
    limits,
    readers: new ReaderPool(limits),
    upgrades: options.websocket && new UpgradeTable(options.websocket, limits.upgradeTimeoutMs),
  };
  const factory: Factory = {
    name: 'http',
    match: options.extraMethods ? matchMethods(options.extraMethods) : matchHttp,
    acceptableProtocols: ['http/1.1', 'http/1.0'],
    buildProtocol: (incoming) => new Http1Session(incoming, settings),
  };
  return limitConnections(factory, options.maxConnections);
}
