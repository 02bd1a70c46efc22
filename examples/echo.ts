/**
 * Says back what it hears: `npm run example examples/echo.ts`, then `nc 127.0.0.1 7000`.
 * Another place to listen can be given: `npm run example examples/echo.ts unix:/tmp/echo.sock`.
 */
import { BaseProtocol, run, serve } from '@hawser/core';

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const endpoint = process.argv[2] ?? 'tcp://127.0.0.1:7000';
await run(serve(endpoint, { name: 'echo', buildProtocol: () => new Echo() }));
