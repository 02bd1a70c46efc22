import { BaseProtocol, type Factory } from '@hawser/core';

class Echo extends BaseProtocol {
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Sends back what it gets, chunk by chunk. */
export const echo: Factory = { name: 'echo', buildProtocol: () => new Echo() };
