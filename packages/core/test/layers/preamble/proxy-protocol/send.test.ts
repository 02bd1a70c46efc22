import { expect, test } from 'vitest';
import { stack } from '../../../../src/connection/stack.ts';
import type { Transport } from '../../../../src/contract/transport.ts';
import { parseProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/read.ts';
import { sendProxyHeader } from '../../../../src/layers/preamble/proxy-protocol/send.ts';
import { FakeTransport } from '../../../../testing/fake-transport.ts';
import { inet } from '../../arrive.ts';

const ends = { source: inet('192.0.2.1', 5), destination: inet('198.51.100.1', 443) };
const greeting = () => ({
  connectionMade: (transport: Transport) => void transport.write(Buffer.from('hello')),
  dataReceived() {},
});

test('the header goes in front of what the protocol says, in one piece with it', () => {
  const transport = new FakeTransport({ side: 'client' });
  transport.adopt(stack(sendProxyHeader({ version: 1, ...ends }))(greeting));
  expect(transport.writes).toHaveLength(1);
  expect(transport.takeText()).toBe('PROXY TCP4 192.0.2.1 198.51.100.1 5 443\r\nhello');
});

test('it may be made for each connection, and is the own one of the process without arguments', () => {
  const sent = (layer: ReturnType<typeof sendProxyHeader>) => {
    const transport = new FakeTransport({ peer: inet('203.0.113.9', 25) });
    transport.adopt(stack(layer)(greeting));
    return parseProxyHeader(transport.take())?.header;
  };
  expect(sent(sendProxyHeader())).toMatchObject({ command: 'local' });
  const made = sendProxyHeader(({ peer }) => ({ ...ends, destination: peer }));
  expect(sent(made)).toMatchObject({ destination: inet('203.0.113.9', 25) });
});

test('a header that cannot be written ends that connection and is reported', async () => {
  const reactor = new FakeTransport();
  reactor.adopt(stack(sendProxyHeader({ version: 1, alpn: 'h2' }))(greeting));
  await reactor.settle();
  expect(reactor.closedWith).toMatchObject({ kind: 'protocol', error: { name: 'RangeError' } });
  expect(reactor.take()).toHaveLength(0);
});
