// Echoes standard input to standard output until its end, as a service. Started by stdio-endpoint.real.test.ts.
import { BaseProtocol } from '../../src/connection/base-protocol.ts';
import { parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { UsageError } from '../../src/errors.ts';
import { createNodeReactor } from '../../src/node/node-reactor.ts';

class Echo extends BaseProtocol {
  override connected(): void {
    this.transport.write(Buffer.from('hello '));
  }
  dataReceived(data: Buffer): void {
    if (!this.transport.write(data)) this.transport.pauseReading();
  }
  override writeDrained(): void {
    this.transport.resumeReading();
  }
}

const reactor = createNodeReactor();
await parseServerEndpoint('stdio:').listen(reactor, () => new Echo());
const again = await parseServerEndpoint('stdio:')
  .listen(reactor, () => new Echo())
  .catch((error: unknown) => (error instanceof UsageError ? error.code : error));
process.stderr.write(`second: ${String(again)}\n`);
