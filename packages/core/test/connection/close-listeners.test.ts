import { expect, test } from 'vitest';
import { FakeTransport } from '../../testing/fake-transport.ts';

test('a listener that is removed while others are told is not told', async () => {
  const transport = new FakeTransport();
  transport.start({ dataReceived() {} });
  const heard: string[] = [];
  const listeners: Disposable[] = [];
  const listen = (name: string): void => {
    listeners.push(
      transport.onClose(() => {
        heard.push(name);
        for (const each of listeners) each[Symbol.dispose]();
      }),
    );
  };
  listen('first');
  listen('second');
  transport.abort();
  await transport.settle();
  expect(heard).toEqual(['first']);
});

test('one that is added while others are told hears in a later turn', async () => {
  const transport = new FakeTransport();
  transport.start({ dataReceived() {} });
  const heard: string[] = [];
  transport.onClose(() => {
    transport.onClose(() => heard.push('late'));
    heard.push('first');
  });
  transport.onClose(() => {
    heard.push('second');
    throw new Error('a mistake');
  });
  transport.abort();
  await transport.settle();
  expect(heard).toEqual(['first', 'second', 'late']);
});
