import { expect, test } from 'vitest';
import {
  type Address,
  BaseProtocol,
  createNodeReactor,
  type InetAddress,
  type Reactor,
  succeed,
} from '../../src/index.ts';

class Quiet extends BaseProtocol {
  get peer(): Address {
    return this.transport.peer;
  }

  dataReceived(): void {}
}

test('connections by name go through the resolver a reactor was made with', async () => {
  const asked: string[] = [];
  let given: Reactor | undefined;
  const reactor = createNodeReactor({
    resolver(whole) {
      given = whole;
      return {
        lookup(host) {
          asked.push(host);
          return succeed([{ host: '127.0.0.1', family: 4 }]);
        },
      };
    },
  });
  expect(given).toBe(reactor);
  const listening = await reactor.tcp.listen({ host: '127.0.0.1', port: 0 }, () => new Quiet());
  const { port } = listening.address as InetAddress;
  const client = await reactor.tcp.connect({ host: 'server.test', port }, () => new Quiet());
  // Once for each family, as both are raced.
  expect(asked).toEqual(['server.test', 'server.test']);
  expect(client.peer).toMatchObject({ host: '127.0.0.1', port });
  await listening.stop();
});
