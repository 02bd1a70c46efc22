// What does an answer from the cache cost, beside one that a handler has ready? The second bench is the baseline.
import { createTestReactor } from '@hawser/core/testing';
import { bench, describe } from 'vitest';
import { answerWith } from '../src/contract/answer.ts';
import type { DnsHandler, DnsHandlerFunction } from '../src/contract/handler.ts';
import { cache } from '../src/handlers/cache.ts';
import { buildQuery } from '../src/message/build-message.ts';
import { Name } from '../src/name.ts';
import { Rcode, Type } from '../src/numbers.ts';
import { Responder } from '../src/server/responder.ts';
import { createRRset } from '../src/zone/rrset.ts';

const names = Array.from({ length: 1000 }, (_, index) => Name.parse(`h${index}.example.net`));
const answers = new Map(
  names.map((name) => {
    const rrset = createRRset(name, Type.A, { ttl: 3600, values: ['192.0.2.1'] });
    return [name.key, answerWith(Rcode.NoError, { answer: [{ rrset }], shared: true })] as const;
  }),
);
const ready: DnsHandlerFunction = (query, next) => answers.get(query.key) ?? next(query);
const packets = names.map((name, id) =>
  buildQuery({ id, name, type: Type.A, edns: { udpSize: 1232 } }),
);
const client = { kind: 'udp', host: '192.0.2.99', port: 4000, family: 4 } as const;
let turn = 0;

function ask(...handlers: readonly DnsHandler[]): () => void {
  const responder = new Responder(handlers, { rateLimit: false, cookies: false });
  void responder.start(createTestReactor());
  const context = { transport: 'udp', client } as const;
  return () => void responder.respond(packets[turn++ % packets.length] ?? Buffer.alloc(0), context);
}

describe('the answer to one question of a thousand', () => {
  bench('from the cache', ask(cache(), ready));
  bench('from a handler that has it', ask(ready));
});
