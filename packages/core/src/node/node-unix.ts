import { createServer, connect as netConnect } from 'node:net';
import { toFactory } from '../connection/factory.ts';
import { listenError } from '../connection/listen-error.ts';
import type { Factory, FactoryLike } from '../contract/factory.ts';
import type { Port } from '../contract/port.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { Unix, UnixConnectOptions, UnixListenOptions } from '../contract/tcp.ts';
import type { Transport } from '../contract/transport.ts';
import type { Deferred } from '../deferred/deferred.ts';
import { fail } from '../deferred/fail.ts';
import { fromPromise } from '../deferred/from-promise.ts';
import { ListenError } from '../errors.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { dial } from './dial.ts';
import { listenServer } from './listen-server.ts';
import { openSocket } from './open-socket.ts';
import { MAX_PATH_BYTES, SocketFile } from './socket-file.ts';

/** Unix domain sockets over `node:net`. */
export class NodeUnix implements Unix {
  readonly #reactor: Reactor;
  readonly #nextId: () => number;
  readonly #budget: ConnectionBudget;

  constructor(reactor: Reactor, nextId: () => number, budget: ConnectionBudget) {
    this.#reactor = reactor;
    this.#nextId = nextId;
    this.#budget = budget;
  }

  listen(options: UnixListenOptions, factoryLike: FactoryLike): Deferred<Port> {
    const { path, fd, mode } = options;
    const factory = toFactory(factoryLike);
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
      const why = `the path is longer than ${MAX_PATH_BYTES} bytes`;
      return fail(new ListenError('HAWSER_LISTEN', `Cannot listen on unix:${path}: ${why}`));
    }
    const unique = this.#reactor.random.bytes(6).toString('base64url');
    const file = new SocketFile({ path, mode, unique });
    if (fd !== undefined) {
      // Who gives a path along with the descriptor gives the file away as well.
      if (path === '') return this.#listen(options, { factory, file });
      const { reports } = this.#reactor;
      return fromPromise(file.takeOver(), { reports, where: 'listen' })
        .addErrback((error) => {
          throw listenError(`unix:${path}`, error as NodeJS.ErrnoException);
        })
        .addCallback(() => this.#listen(options, { factory, file }));
    }
    return this.#listen(options, { factory, file }).addErrback((error) => {
      if (!(error instanceof ListenError) || error.code !== 'HAWSER_ADDRESS_IN_USE') throw error;
      return file.removeStale().addCallback((removed) => {
        if (!removed) throw error;
        return this.#listen(options, { factory, file });
      });
    });
  }

  connect(options: UnixConnectOptions, factory: FactoryLike): Deferred<Transport> {
    const { path, timeoutMs = 30_000 } = options;
    const { clock, reports } = this.#reactor;
    const socket = openSocket(() => netConnect({ path, allowHalfOpen: true }), this.#budget);
    return dial({
      reactor: this.#reactor,
      factory: toFactory(factory),
      options,
      nextId: this.#nextId,
      where: `unix:${path}`,
      connecting: fromPromise(socket.timeout(timeoutMs, clock), { reports, where: 'connect' }),
      ends: () => ({ local: { kind: 'unix', path: '' }, peer: { kind: 'unix', path } }),
    });
  }

  #listen(
    options: UnixListenOptions,
    { factory, file }: { readonly factory: Factory; readonly file: SocketFile },
  ): Deferred<Port> {
    const { path, fd, backlog } = options;
    return listenServer({
      reactor: this.#reactor,
      server: createServer({ allowHalfOpen: true }),
      factory,
      options,
      nextId: this.#nextId,
      budget: this.#budget,
      where: `unix:${path}`,
      bind: { path: file.bound },
      backlog,
      fd,
      kind: 'PIPE',
      address: () => ({ kind: 'unix', path }),
      ends: () => ({ local: { kind: 'unix', path }, peer: { kind: 'unix', path: '' } }),
      publish: fd === undefined ? () => file.publish() : undefined,
      closed: (exported) => file.remove(exported),
    });
  }
}
