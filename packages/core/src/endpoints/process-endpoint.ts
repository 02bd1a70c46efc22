import { fromDuplex } from '../adapt/from-duplex.ts';
import { toFactory } from '../connection/factory.ts';
import type { ClientEndpoint } from '../contract/endpoint.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { SpawnOptions } from '../contract/process.ts';
import type { Protocol } from '../contract/protocol.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { OperationOptions, StreamOptions } from '../contract/tcp.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { withSignal } from '../deferred/with-signal.ts';
import { ConnectError } from '../errors.ts';
import { badEndpoint } from './bad-endpoint.ts';
import { capture } from './capture.ts';
import {
  decode,
  type EndpointText,
  escape,
  formatOptions,
  readOptions,
  unknownOption,
} from './endpoint-text.ts';
import { boolean, integer, nonEmpty, type OptionKinds } from './option-kind.ts';
import { ProcessStream } from './process-stream.ts';

/** What a {@link ProcessClientEndpoint} says. The environment has no form as text. */
export interface ProcessPlace
  extends Pick<SpawnOptions, 'command' | 'args' | 'cwd' | 'env'>,
    Pick<StreamOptions, 'maxPendingBytes' | 'autoCork'> {}

const OPTIONS: OptionKinds<Omit<ProcessPlace, 'command' | 'args' | 'env'>> = {
  cwd: nonEmpty,
  maxPendingBytes: integer(1),
  autoCork: boolean,
};

/** The options a process endpoint may carry as text. */
export const PROCESS_OPTIONS: Readonly<Record<string, unknown>> = { arg: true, ...OPTIONS };

/**
 * Starts a program for each connection and speaks with its standard input and output, without a shell.
 * `process:/usr/bin/ssh?arg=-W&arg=db:5432&arg=bastion`.
 *
 * The end of its output is the end of input. A child that exits with another code than 0 or by a signal is a reset,
 * with the last line of its standard error in the message. `abort` kills it; after `close` it gets SIGTERM if it does not
 * exit by itself within seconds, and SIGKILL if it ignores that.
 */
export class ProcessClientEndpoint implements ClientEndpoint {
  readonly place: ProcessPlace;

  constructor(place: ProcessPlace) {
    this.place = place;
  }

  /** @throws SpawnError `HAWSER_SPAWN`; ConnectError `HAWSER_REFUSED` if the factory refuses */
  connect<P extends Protocol>(
    reactor: Reactor,
    factory: FactoryLike<P>,
    options: OperationOptions = {},
  ): Deferred<P> {
    const { command, args, cwd, env, maxPendingBytes, autoCork } = this.place;
    const captured = capture(toFactory(factory));
    const stream = new ProcessStream(reactor, command);
    const started = reactor.process.spawn({ command, args, cwd, env, maxPendingBytes }, stream);
    const connected = started.addCallback(() => {
      const peer = { kind: 'memory', name: command } as const;
      const stdio = { side: 'client', peer, maxPendingBytes, autoCork } as const;
      const transport = fromDuplex(reactor, stream, stdio, captured.factory);
      if (captured.built()) return captured.protocol();
      transport.abort();
      // Arguments may be nobody's business.
      const why = `Cannot connect to process:${escape(command)}: the factory refused the connection`;
      throw new ConnectError('HAWSER_REFUSED', why);
    });
    return withSignal(connected, options.signal);
  }

  toString(): string {
    const { command, args = [] } = this.place;
    const list = args.map((arg) => `arg=${escape(arg)}`).join('&');
    const others = formatOptions(this.place, OPTIONS);
    const query = [list, others.slice(1)].filter(Boolean).join('&');
    return `process:${escape(command)}${query ? `?${query}` : ''}`;
  }
}

/** Reads `process:command?arg=...` to connect to. */
export function parseProcessClient(parts: EndpointText): ProcessClientEndpoint {
  const { text, place, query } = parts;
  const command = decode(text, 'command', place);
  if (command === '') throw badEndpoint(text, 'command is missing: write process:/path/to/program');
  const args = query.filter(([name]) => name === 'arg').map(([, value]) => value);
  const zero = [command, ...args].find((each) => each.includes('\0'));
  if (zero !== undefined) throw badEndpoint(text, 'command and arguments must have no zero byte');
  const strange = query.find(([name]) => !Object.hasOwn(PROCESS_OPTIONS, name));
  if (strange) throw unknownOption(text, strange[0], Object.keys(PROCESS_OPTIONS));
  const others = query.filter(([name]) => name !== 'arg');
  const options = readOptions({ text, query: others }, OPTIONS);
  return new ProcessClientEndpoint({ command, ...(args.length > 0 && { args }), ...options });
}
