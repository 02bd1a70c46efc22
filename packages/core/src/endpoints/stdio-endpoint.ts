import type { Duplex } from 'node:stream';
import { fromDuplex } from '../adapt/from-duplex.ts';
import { toFactory } from '../connection/factory.ts';
import type { ServerEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions, StreamOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { succeed } from '../deferred/succeed.ts';
import { CancelledError } from '../errors.ts';
import { badEndpoint } from './bad-endpoint.ts';
import { type EndpointText, formatOptions, readOptions } from './endpoint-text.ts';
import { boolean, integer, type OptionKinds } from './option-kind.ts';
import { StdioPort } from './stdio-port.ts';
import { takeStdio } from './take-stdio.ts';

/** What a {@link StdioServerEndpoint} says. */
export interface StdioPlace extends Omit<StreamOptions, 'signal'> {
  /** What stands for standard input and output; it has no form as text. @defaultValue those of this process */
  readonly open?: (() => Duplex) | undefined;
}

/** The options a stdio endpoint may carry as text. */
export const STDIO_OPTIONS: OptionKinds<Omit<StdioPlace, 'open'>> = {
  maxPendingBytes: integer(1),
  autoCork: boolean,
};

/**
 * Serves one connection, over standard input and output of this process: `stdio:`. For programs that another one starts,
 * such as inetd or ssh. The port has its connection at once; when that ends nothing more comes, and what becomes of the
 * process is up to the application. Nobody else may print to standard output, which stays open until the process
 * exits: only then does its reader see the end that `end` or `close` asked for.
 */
export class StdioServerEndpoint implements ServerEndpoint {
  readonly place: StdioPlace;

  constructor(place: StdioPlace = {}) {
    this.place = place;
  }

  /** @throws UsageError `HAWSER_BUSY` if standard input and output are in use */
  listen(reactor: Reactor, factory: FactoryLike, options: OperationOptions = {}): Deferred<Port> {
    const { open = takeStdio, maxPendingBytes, autoCork } = this.place;
    const { signal } = options;
    if (signal?.aborted) return fail(new CancelledError('Cancelled', { cause: signal.reason }));
    let duplex: Duplex;
    try {
      duplex = open();
    } catch (thrown) {
      return fail(thrown, { reports: reactor.reports, where: 'listen' });
    }
    const whole = toFactory(factory);
    const port = new StdioPort(reactor, whole);
    const here = { kind: 'memory', name: 'stdio' } as const;
    const stdio = { side: 'server', local: here, peer: here, maxPendingBytes, autoCork } as const;
    port.add(fromDuplex(reactor, duplex, stdio, whole));
    return succeed<Port>(port);
  }

  toString(): string {
    return `stdio:${formatOptions(this.place, STDIO_OPTIONS)}`;
  }
}

/** Reads `stdio:` to serve. */
export function parseStdioServer(parts: EndpointText): StdioServerEndpoint {
  if (parts.place !== '') {
    throw badEndpoint(parts.text, `nothing may follow "stdio:": ${JSON.stringify(parts.place)}`);
  }
  return new StdioServerEndpoint(readOptions(parts, STDIO_OPTIONS));
}
