import { createTestReactor, FakeTransport } from '@hawser/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { http } from '../../src/server/http.ts';

// A handler may ask for the body first and then answer without it, such as with 401.

const READERS = {
  json: (request: Request) => request.json(),
  formData: (request: Request) => request.formData(),
  text: (request: Request) => request.text(),
  'json of a clone': (request: Request) => request.clone().json(),
} as const;

const head = (...fields: readonly string[]): string =>
  ['POST / HTTP/1.1', 'Host: a.test', ...fields, '', ''].join('\r\n');

const BODIES = {
  'is longer than allowed': head('Content-Length: 2000000'),
  'is nothing of the kind': `${head('Content-Length: 1')}{`,
  'is empty': head('Content-Length: 0'),
  'is not there': 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
  'is broken': `${head('Transfer-Encoding: chunked')}Z`,
  'is cut off': `${head('Content-Length: 5')}{}`,
} as const;

for (const [how, read] of Object.entries(READERS)) {
  for (const [what, sent] of Object.entries(BODIES)) {
    test(`${how} that nobody waits for may fail when the body ${what}`, async () => {
      const unhandled = unhandledRejections();
      const transport = new FakeTransport({ reactor: createTestReactor() });
      let answer: (response: Response) => void = () => expect.unreachable();
      transport.adopt(
        http((request) => {
          void read(request);
          return new Promise((resolve) => {
            answer = resolve;
          });
        }),
      );
      transport.receive(sent);
      transport.receiveEnd();
      await transport.settle();
      answer(new Response('no', { status: 401 }));
      await transport.settle();
      expect(transport.takeText()).toMatch(/^HTTP\/1\.1 401 /);
      expect(unhandled).toEqual([]);
    });
  }
}

/** What would end the process. */
function unhandledRejections(): readonly unknown[] {
  const seen: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  const listener = (reason: unknown): void => void seen.push(reason);
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listener);
  onTestFinished(() => {
    process.off('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
  });
  return seen;
}
