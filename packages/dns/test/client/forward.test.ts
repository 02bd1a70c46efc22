// Messages that others have signed, passed on as they are (RFC 8945 §5.5).
import { createSimReactor, delay, type SimHost } from '@hawser/core';
import { expect, test } from 'vitest';
import { DnsClient } from '../../src/client/dns-client.ts';
import type { DnsClientOptions } from '../../src/client/dns-client-options.ts';
import { buildMessage } from '../../src/message/build-message.ts';
import { Flag } from '../../src/message/header.ts';
import { Name } from '../../src/name.ts';
import { Class, Opcode, Rcode, Type } from '../../src/numbers.ts';
import { FakeServer, type Script } from './fake-server.ts';

const message = buildMessage({
  id: 7,
  opcode: Opcode.Update,
  question: { name: Name.parse('Example.Net'), type: Type.SOA, class: Class.IN },
});

async function world(script: Script, options: Partial<DnsClientOptions> = {}) {
  const sim = createSimReactor({ seed: 11 });
  const [serverHost, host] = sim.hosts('server', 'client') as [SimHost, SimHost];
  const where = serverHost.addresses[0] ?? '';
  const server = await FakeServer.start(serverHost, script);
  return { sim, server, where, client: new DnsClient({ reactor: host, ...options }) };
}

test('the octets are the same but for the id, over TCP, and so are those of the reply', async () => {
  const { client, server, where } = await world(({ id }) => ({ id, rcode: Rcode.YXDomain }));
  const replies = await Promise.all([
    client.forward(message, where),
    client.forward(message, where),
  ]);
  expect(replies.map(({ rcode }) => rcode)).toEqual([Rcode.YXDomain, Rcode.YXDomain]);
  expect(server.queries.map(({ transport }) => transport)).toEqual(['tcp', 'tcp']);
  for (const { query } of server.queries)
    expect(query.bytes.subarray(2)).toEqual(message.subarray(2));
  const ids = server.queries.map(({ query }) => query.id);
  expect(replies.map(({ bytes }) => bytes.readUInt16BE(0))).toEqual(ids);
  expect(new Set(ids).size).toBe(2);
  expect(message.readUInt16BE(0)).toBe(7);
});

test.each<[string, Script, string]>([
  [
    'that is cut off',
    ({ id }) => ({ id, flags: Flag.Response | Flag.Truncated }),
    'HAWSER_DNS_REPLY',
  ],
  [
    'about another zone',
    ({ id }) =>
      buildMessage({
        id,
        flags: Flag.Response,
        opcode: Opcode.Update,
        question: { name: Name.parse('example.org'), type: Type.SOA, class: Class.IN },
      }),
    'HAWSER_DNS_REPLY',
  ],
  ['that does not come', () => undefined, 'HAWSER_DNS_TIMEOUT'],
])('a reply %s is none, and the message is sent once', async (_, script, code) => {
  const { client, server, where } = await world(script);
  await expect(client.forward(message, where, { timeoutMs: 500 })).rejects.toMatchObject({ code });
  expect(server.queries).toHaveLength(1);
});

test('a connection that is lost is no reason to send it again', async () => {
  const { sim, client, server, where } = await world(({ id }) => ({ id }));
  await client.forward(message, where);
  server.script = () => {
    for (const stream of server.live) stream.transport.abort();
    return undefined;
  };
  await expect(client.forward(message, where)).rejects.toMatchObject({
    code: 'HAWSER_DNS_NETWORK',
  });
  expect(server.queries).toHaveLength(2);
  await delay(100, sim.clock);
});

test('it does not go over HTTPS, and not from a client that was closed', async () => {
  const { client, where } = await world(() => undefined);
  await expect(client.forward(message, 'https://192.0.2.1/dns-query')).rejects.toMatchObject({
    code: 'HAWSER_DNS_OPTIONS',
  });
  await client.close();
  await expect(client.forward(message, where)).rejects.toMatchObject({ code: 'HAWSER_DNS_CLOSED' });
});
