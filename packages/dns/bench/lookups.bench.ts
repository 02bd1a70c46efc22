// What does a name cost that a function looks up? Random names, as in an attack: a thousand lookups are under way at a time.
import { createNodeReactor } from '@hawser/core';
import { bench, describe } from 'vitest';
import { type DynamicOptions, dynamic } from '../src/handlers/dynamic.ts';
import { Responder } from '../src/server/responder.ts';
import { opt, query } from '../test/build.ts';

const client = { kind: 'udp', host: '192.0.2.99', port: 4000, family: 4 } as const;
const packets = Array.from({ length: 1000 }, (_, index) =>
  query(`r${index}.example.net`, 1, { additionals: [opt()] }),
);

function ask(resolve: DynamicOptions['resolve'], finish = (): void => {}): () => Promise<void> {
  const zone = dynamic('example.net', { resolve });
  const responder = new Responder(zone, { rateLimit: false, cookies: false });
  void responder.start(createNodeReactor());
  return async () => {
    const replies = packets.map(async (packet) =>
      responder.respond(packet, { transport: 'udp', client }),
    );
    finish();
    await Promise.all(replies);
  };
}

const waiting: (() => void)[] = [];

describe('a thousand names', () => {
  bench(
    'all at once',
    ask(() => ({ A: '192.0.2.7' })),
  );
  bench(
    'later',
    ask(
      () => new Promise((done) => waiting.push(() => done({ A: '192.0.2.7' }))),
      () => {
        for (const done of waiting.splice(0)) done();
      },
    ),
  );
});
