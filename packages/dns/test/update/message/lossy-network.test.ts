// Updates over a network that loses, repeats and reorders datagrams: each is made once, and its client hears of it.
import { createSimReactor, delay, type SimHost } from '@hawser/core';
import { expect, test } from 'vitest';
import { Rcode } from '../../../src/numbers.ts';
import { dnsService } from '../../../src/server.ts';
import { dynamicZone } from '../../../src/store/open-dynamic-zone.ts';
import { tsigKey } from '../../../src/tsig/key.ts';
import { signTsigRequest } from '../../../src/tsig/sign.ts';
import { type UpdateReport, updates } from '../../../src/update/message/updates.ts';
import { updateBytes } from './update-scene.ts';

const key = tsigKey('claims', 'hmac-sha256', Buffer.alloc(32, 'claims'));
const NAMES = 40;

/** Sends the same datagram every 300 ms until there is a reply, as nsupdate does, and gives its response code. */
async function insist(host: SimHost, server: string, bytes: Buffer): Promise<number> {
  let rcode: number | undefined;
  const port = await host.udp.bind(
    { port: 0 },
    {
      datagramReceived(data) {
        if (data.readUInt16BE(0) === bytes.readUInt16BE(0)) rcode ??= (data[3] ?? 0) & 15;
      },
    },
  );
  const family = server.includes(':') ? 6 : 4;
  while (rcode === undefined) {
    port.send(Buffer.from(bytes), { kind: 'udp', host: server, port: 53, family });
    // oxlint-disable-next-line no-await-in-loop -- until there is a reply
    await delay(300, host.clock);
  }
  await port.stop();
  return rcode;
}

test.each([
  ['signed', 1],
  ['signed', 2],
  ['signed', 3],
  ['not signed', 4],
  ['not signed', 5],
  ['not signed', 6],
] as const)(
  '%s, seed %i: 40 names are claimed once each, and every client hears so',
  async (kind, seed) => {
    const sim = createSimReactor({ seed });
    const [serverHost, clientHost] = sim.hosts('server', 'client') as [SimHost, SimHost];
    sim.link(serverHost, clientHost, {
      latencyMs: [5, 400],
      loss: 0.3,
      duplicate: 0.3,
      reorder: 0.3,
    });
    const zone = await dynamicZone('example.net', { reactor: serverHost });
    const reports: UpdateReport[] = [];
    const handler = updates(zone, {
      policy: [{ key: 'claims', unsigned: true, names: '*' }],
      allowUnsigned: ['0.0.0.0/0', '::/0'],
      trustDatagrams: true,
      onUpdate: (report) => reports.push(report),
    });
    const options = { keys: [key], rateLimit: false } as const;
    const service = dnsService(':53', [handler, zone], options);
    await service.start(serverHost);
    const codes = await Promise.all(
      Array.from({ length: NAMES }, async (_, index) => {
        const bytes = updateBytes({
          id: 1000 + index,
          prerequisites: [`nxdomain n${index}`],
          changes: [`add n${index} 60 A 10.0.0.${index}`],
        });
        const nowSeconds = clientHost.clock.epoch() / 1000;
        const signed =
          kind === 'signed' ? signTsigRequest(bytes, { key, nowSeconds }).bytes : bytes;
        return insist(clientHost, serverHost.addresses[0] ?? '', signed);
      }),
    );
    // Made twice, a claim would find its own name taken.
    expect(codes).toEqual(codes.map(() => Rcode.NoError));
    expect(reports.map(({ rcode }) => rcode)).toEqual(codes);
    expect(zone.list().filter(({ type }) => type === 'A')).toHaveLength(NAMES);
    await service.stop();
  },
);
