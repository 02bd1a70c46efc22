import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, connect as netConnect } from 'node:net';
import { toFactory } from '../connection/factory.ts';
import type { FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { Unix, UnixConnectOptions, UnixListenOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import { Deferred } from '../deferred/deferred.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { ListenError } from '../errors.ts';
import { dial } from './dial.ts';
import { listenError } from './listen-error.ts';
import { listenServer } from './listen-server.ts';
import { openSocket } from './open-socket.ts';

/** Unix domain sockets over `node:net`. */
export class NodeUnix implements Unix {
  readonly #reactor: Reactor;
  readonly #nextId: () => number;

  constructor(reactor: Reactor, nextId: () => number) {
    this.#reactor = reactor;
    this.#nextId = nextId;
  }

  listen(options: UnixListenOptions, factory: FactoryLike): Deferred<Port> {
    const { path, mode } = options;
    const listening = this.#bind(options, factory).addErrback((error) => {
      if (!(error instanceof ListenError) || error.code !== 'HAWSER_ADDRESS_IN_USE') throw error;
      // The file is there. If nobody answers it is left over from a process that was killed.
      return isAnswered(path).addCallback((answered) => {
        if (answered) throw error;
        return fromPromise(isSocketFile(path)).addCallback((ours) => {
          // A plain file refuses a connection as well, but is not ours to delete.
          if (!ours) throw error;
          return fromPromise(unlink(path)).addCallback(() => this.#bind(options, factory));
        });
      });
    });
    if (mode === undefined) return listening;
    return listening.addCallback((port) =>
      fromPromise(chmod(path, mode))
        .addCallback(() => port)
        .addErrback((error) =>
          port.stop().addCallback(() => {
            throw listenError(`unix:${path}`, error as NodeJS.ErrnoException);
          }),
        ),
    );
  }

  connect(options: UnixConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { path, timeoutMs = 30_000 } = options;
    const { clock } = this.#reactor;
    return dial({
      reactor: this.#reactor,
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where: `unix:${path}`,
      connecting: openSocket(() => netConnect({ path, allowHalfOpen: true })).timeout(
        timeoutMs,
        clock,
      ),
      ends: () => ({ local: { kind: 'unix', path: '' }, peer: { kind: 'unix', path } }),
    });
  }

  #bind(options: UnixListenOptions, factory: FactoryLike): Deferred<Port> {
    const { path, backlog = 511 } = options;
    return listenServer({
      reactor: this.#reactor,
      server: createServer({ allowHalfOpen: true }),
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where: `unix:${path}`,
      bind: { path, backlog },
      address: () => ({ kind: 'unix', path }),
      ends: () => ({ local: { kind: 'unix', path }, peer: { kind: 'unix', path: '' } }),
    });
  }
}

async function isSocketFile(path: string): Promise<boolean> {
  return (await lstat(path)).isSocket();
}

function isAnswered(path: string): Deferred<boolean> {
  const answer = new Deferred<boolean>();
  const probe = netConnect({ path });
  probe.once('connect', () => {
    probe.destroy();
    answer.resolve(true);
  });
  probe.once('error', (error: NodeJS.ErrnoException) =>
    answer.resolve(error.code !== 'ECONNREFUSED'),
  );
  return answer;
}
