/**
 * Passes connections on to another server. Whoever reads slowly slows down whoever sends to it, in both directions, and
 * either side may end first. Start what it leads to, then the proxy, then try it:
 *
 *     npm run example examples/echo.ts
 *     npm run example examples/tcp-proxy.ts tcp://127.0.0.1:7001 tcp://127.0.0.1:7000
 *     nc 127.0.0.1 7001
 */
import {
  asClientEndpoint,
  BaseProtocol,
  type CloseReason,
  type Deferred,
  type Protocol,
  run,
  serve,
} from '@hawser/core';

const [listen = 'tcp://127.0.0.1:7001', target = 'tcp://127.0.0.1:7000'] = process.argv.slice(2);
const upstream = asClientEndpoint(target);

/** What one half hears, the other half says. */
abstract class Half extends BaseProtocol {
  protected abstract readonly other: Half | undefined;

  dataReceived(data: Buffer): void {
    const keepsUp = this.other?.transport.write(data);
    if (!keepsUp) this.transport.pauseReading();
  }

  override writeDrained(): void {
    this.other?.transport.resumeReading();
  }

  override readEnded(): void {
    this.other?.transport.end();
  }

  override connectionLost(reason: CloseReason): void {
    if (reason.kind === 'done') this.other?.transport.close();
    else this.other?.transport.abort();
  }
}

/** The half that the client sees. It waits with reading until the other half is there. */
class Front extends Half {
  protected other: Half | undefined;
  #connecting: Deferred<Protocol> | undefined;

  override connected(): void {
    const { reactor } = this.transport;
    this.transport.pauseReading();
    this.#connecting = upstream.connect(reactor, () => new Back(this));
    this.#connecting.addErrback((error) => this.transport.abort(error as Error));
  }

  paired(back: Back): void {
    this.other = back;
    this.transport.resumeReading();
  }

  override connectionLost(reason: CloseReason): void {
    this.#connecting?.cancel();
    super.connectionLost(reason);
  }
}

/** The half that the server sees. */
class Back extends Half {
  protected readonly other: Front;

  constructor(front: Front) {
    super();
    this.other = front;
  }

  override connected(): void {
    this.other.paired(this);
  }
}

await run(serve(listen, { name: 'proxy', buildProtocol: () => new Front() }));
