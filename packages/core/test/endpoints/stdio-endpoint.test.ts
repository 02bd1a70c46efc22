import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Protocol } from '../../src/contract/protocol.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { StdioServerEndpoint } from '../../src/endpoints/stdio-endpoint.ts';
import { CancelledError } from '../../src/errors.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

class Echo implements Protocol {
  #transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.#transport = transport;
    transport.write(Buffer.from('hello '));
  }
  dataReceived(data: Buffer): void {
    this.#transport?.write(data);
  }
}

function stdio() {
  const input = new PassThrough();
  const output = new PassThrough();
  const endpoint = new StdioServerEndpoint({
    open: () => Duplex.from({ readable: input, writable: output }),
  });
  return { input, output, endpoint, reactor: createTestReactor() };
}

test('the text has nothing but options', () => {
  expect(String(parseServerEndpoint('stdio:?autoCork=false'))).toBe('stdio:?autoCork=false');
  expect(String(new StdioServerEndpoint())).toBe('stdio:');
  expect(() => parseServerEndpoint('stdio:x')).toThrow('nothing may follow "stdio:": "x"');
  expect(() => parseServerEndpoint('stdio://x')).toThrow('nothing may follow "stdio:": "//x"');
  expect(() => parseServerEndpoint('stdio:?backlog=1')).toThrow('option "backlog" is unknown');
});

test('there is one connection from the start; it ends with the input', async () => {
  const { input, output, endpoint, reactor } = stdio();
  const calls: string[] = [];
  const port = await endpoint.listen(reactor, {
    name: 'echo',
    buildProtocol: () => new Echo(),
    started: () => calls.push('started'),
    stopped: () => calls.push('stopped'),
  });
  expect(port.connections).toBe(1);
  expect(String(port)).toBe('stdio: echo');
  expect(port.protocol).toBe('echo');
  input.write('you');
  await reactor.clock.settle();
  expect(String(output.read())).toBe('hello you');
  input.end();
  await reactor.clock.settle();
  expect(output.writableEnded).toBe(true);
  expect(port.connections).toBe(0);
  await port.stop();
  expect(calls).toEqual(['started', 'stopped']);
  expect(reactor.clock.timers).toBe(0);
});

test('a drain asks the connection to finish, a stop aborts it', async () => {
  const { endpoint, reactor, output } = stdio();
  output.resume();
  const port = await endpoint.listen(reactor, () => new Echo());
  await port.quiesce();
  expect(port.connections).toBe(1);
  const drained = port.drain(1_000);
  await reactor.clock.elapse(3_000);
  expect(await drained).toMatchObject({ finished: expect.any(Number) });
  const second = stdio();
  const other = await second.endpoint.listen(second.reactor, () => new Echo());
  await other.stop();
  expect(other.connections).toBe(0);
});

test('a hook of the factory that throws is reported, and the port works', async () => {
  const { endpoint, reactor } = stdio();
  const port = await endpoint.listen(reactor, {
    name: 'echo',
    buildProtocol: () => new Echo(),
    started: () => {
      throw new Error('no');
    },
  });
  expect(port.connections).toBe(1);
  expect(reactor.reports.problems).toMatchObject([{ where: 'echo.started' }]);
});

test('what cannot be opened fails the listening, and a signal opens nothing', async () => {
  const reactor = createTestReactor();
  let opened = 0;
  const endpoint = new StdioServerEndpoint({
    open: () => {
      opened += 1;
      throw new Error('no terminal');
    },
  });
  await expect(endpoint.listen(reactor, () => new Echo())).rejects.toThrow('no terminal');
  const signal = AbortSignal.abort();
  await expect(endpoint.listen(reactor, () => new Echo(), { signal })).rejects.toBeInstanceOf(
    CancelledError,
  );
  expect(opened).toBe(1);
});
