import { TLS } from '../../src/connection/info-keys.ts';
import type { CloseReason } from '../../src/contract/close-reason.ts';
import type { Factory, FactoryLike } from '../../src/contract/factory.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { TlsClientOptions, TlsInfo, TlsServerOptions } from '../../src/contract/tls.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { tls } from '../../src/layers/transform/tls.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';
import { CollectedReports } from '../../testing/collected-reports.ts';

export const host = '127.0.0.1';

/** The client's side of a TLS connection, after its handshake or in place of it. */
export interface Shaken {
  /** Absent if the handshake failed. */
  readonly info: TlsInfo | undefined;
  readonly transport: Transport | undefined;
  readonly received: () => string;
  /** The first bytes that came. */
  readonly heard: Promise<string>;
  /** How the connection below ended. */
  readonly lost: Promise<CloseReason>;
}

/** A connection below the TLS of a server. */
export interface Served {
  readonly bytesRead: () => number;
  /** How it ended. */
  readonly lost: Promise<CloseReason>;
}

/** TLS on loopback. Disposing it fails when a problem was reported. */
export class TlsRig implements AsyncDisposable {
  readonly reports: CollectedReports = new CollectedReports();
  readonly reactor: Reactor = createNodeReactor({ reports: this.reports });
  /** The connections below TLS that servers had, in order. */
  readonly servers: Served[] = [];
  readonly #ports: Port[] = [];

  /** Serves `options`; without a factory, a server that keeps quiet. */
  async serve(options: TlsServerOptions, app?: Factory): Promise<number> {
    return this.listen(tls(options)(app ?? { name: 'quiet', buildProtocol: () => quiet }));
  }

  async listen(factory: FactoryLike): Promise<number> {
    const recorded = this.#recorded(factory);
    const port = await this.reactor.tcp.listen({ host, port: 0 }, recorded);
    this.#ports.push(port);
    if (!('port' in port.address)) throw new TypeError('no port');
    return port.address.port;
  }

  /** Settles when the handshake is done or has failed. */
  async connect(port: number, options: TlsClientOptions): Promise<Shaken> {
    let text = '';
    let hear: (first: string) => void;
    const heard = new Promise<string>((done) => {
      hear = done;
    });
    let lost: Promise<CloseReason> = Promise.resolve({ kind: 'done' });
    const transport = await new Promise<Transport | undefined>((settled, failed) => {
      const protocol: Protocol = {
        dataReceived(data) {
          text += data.toString('latin1');
          hear(text);
        },
        connectionMade: settled,
      };
      this.reactor.tcp
        .connect(
          { host, port },
          (): Protocol => ({
            connectionMade(below) {
              lost = new Promise((done) => below.onClose(done));
              void lost.then(() => settled(undefined));
              const factory = { name: 'client', buildProtocol: () => protocol };
              below.reactor.tls.startClient(below, options, factory);
            },
            dataReceived() {},
          }),
        )
        .then(undefined, failed);
    });
    return { info: transport?.info(TLS), transport, received: () => text, heard, lost };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.#ports) await port.stop();
    const { problems } = this.reports;
    if (problems.length > 0) throw new Error('a problem was reported', { cause: problems });
  }

  #recorded(like: FactoryLike): Factory {
    const factory = typeof like === 'function' ? { name: 'app', buildProtocol: like } : like;
    return {
      name: factory.name,
      started: (port) => factory.started?.(port),
      stopped: (port) => factory.stopped?.(port),
      buildProtocol: (incoming) => {
        const lost = new Promise<CloseReason>((done) => incoming.onClose(done));
        this.servers.push({ bytesRead: () => incoming.bytesRead, lost });
        return factory.buildProtocol(incoming);
      },
    };
  }
}

const quiet: Protocol = { dataReceived() {} };
