import { createSimReactor, type SimHost, type Simulation } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { DnsClientError } from '../../src/client/client-error.ts';
import { dnsClient } from '../../src/client/dns-client.ts';
import { update } from '../../src/client/update.ts';
import { Name } from '../../src/name.ts';
import { Rcode, Type } from '../../src/numbers.ts';
import { dnsService } from '../../src/server.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { type SecondaryZone, secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { type TsigKey, tsigKey } from '../../src/tsig/key.ts';
import { updates } from '../../src/update/message/updates.ts';

const www = Name.parse('www.example.net');

/** Copies of one zone, each of which takes the next for its primary, and the last the first. */
async function circle(size: number) {
  const sim = createSimReactor({ seed: 7 });
  const hosts = Array.from({ length: size }, (_, index) => sim.host(`copy${index}`));
  const addresses = hosts.map((host) => addressOf(host));
  const copies: SecondaryZone[] = [];
  for (const [index, host] of hosts.entries()) {
    const primaries = [addresses[(index + 1) % size] ?? ''];
    const copy = secondaryZone('example.net', { primaries, forwardUpdates: ['0.0.0.0/0'] });
    copies.push(copy);
    await dnsService(`${addressOf(host)}:53`, copy).start(host);
  }
  return { sim, hosts, copies, addresses };
}

function addressOf(host: SimHost): string {
  return host.addresses[0] ?? '';
}

/** What a client that sends an update to `server` hears: a code. */
async function sent(
  sim: Simulation,
  server: string,
  { value = '192.0.2.1', key }: { value?: string; key?: TsigKey } = {},
): Promise<number | undefined> {
  const client = dnsClient({ reactor: sim.host('client') });
  const change = update('example.net', { client, server, key }).add('www', 'A', value);
  let outcome: number | undefined;
  try {
    outcome = (await change.send()).rcode;
  } catch (error) {
    if (!(error instanceof DnsClientError)) throw error;
    outcome = error.rcode;
  }
  await client.close();
  return outcome;
}

describe('an update to copies that name each other as primary', () => {
  test.each([2, 3])(
    'goes round %i of them a few times, ends, and is reported once',
    async (size) => {
      const { sim, hosts, copies, addresses } = await circle(size);
      expect(await sent(sim, addresses[0] ?? '')).toBe(Rcode.ServFail);
      const forwarded = copies.map(({ counters }) => counters.forwarded);
      expect(forwarded[0]).toBe(5);
      expect(forwarded.slice(1)).toEqual(forwarded.slice(1).map(() => 4));
      const problems = hosts.map((host) =>
        host.reports.problems.splice(0).map(({ error }) => error),
      );
      expect(problems[0]).toMatchObject([
        { message: expect.stringContaining(`wait for ${addresses[1]} already`) },
      ]);
      expect(problems.slice(1).flat()).toEqual([]);
      // Nothing is kept of it: the next ends as soon, and says nothing new.
      expect(await sent(sim, addresses[0] ?? '')).toBe(Rcode.ServFail);
      expect(copies[0]?.counters.forwarded).toBe(10);
      expect(hosts[0]?.reports.problems).toEqual([]);
      await sim[Symbol.asyncDispose]();
    },
  );
});

describe('updates to a copy whose primary is slow', () => {
  test('are 100 at a time, and the others are SERVFAIL at once', async () => {
    const sim = createSimReactor({ seed: 7 });
    // Nobody is there: what is sent waits for a connection.
    const copy = secondaryZone('example.net', {
      primaries: ['10.99.99.99'],
      forwardUpdates: ['0.0.0.0/0'],
    });
    const host = sim.host('busy');
    await dnsService(`${addressOf(host)}:53`, copy).start(host);
    const started = sim.clock.now();
    const rcodes: [number | undefined, number][] = [];
    await Promise.all(
      Array.from({ length: 103 }, async (_, index) => {
        const rcode = await sent(sim, addressOf(host), { value: `192.0.2.${index}` });
        rcodes.push([rcode, sim.clock.now() - started]);
      }),
    );
    expect(rcodes.map(([rcode]) => rcode)).toEqual(rcodes.map(() => Rcode.ServFail));
    expect(rcodes.filter(([, ms]) => ms < 1_000)).toHaveLength(3);
    await sim[Symbol.asyncDispose]();
  });

  test('may say the same: two clients want the same, and both hear what the primary says', async () => {
    const { sim, zone, copyAt } = await keyed();
    const sends = Array.from({ length: 4 }, () => sent(sim, copyAt, { key: ours }));
    expect(await Promise.all(sends)).toEqual([0, 0, 0, 0]);
    expect(zone.snapshot.get(www, Type.A)?.records).toHaveLength(1);
    await sim[Symbol.asyncDispose]();
  });
});

const ours = tsigKey('ours', 'hmac-sha256', Buffer.alloc(32, 1));
const onward = tsigKey('onward', 'hmac-sha256', Buffer.alloc(32, 2));

/** A primary that knows the key `onward` only, and a copy that knows the key `ours` of its clients. */
async function keyed() {
  const sim = createSimReactor({ seed: 7 });
  const [host, copyHost] = [sim.host('primary'), sim.host('copy')];
  const [at, copyAt] = [addressOf(host), addressOf(copyHost)];
  const zone = await dynamicZone('example.net', { reactor: host });
  const changes = updates(zone, { policy: [{ key: 'onward', names: '*' }] });
  await dnsService(`${at}:53`, [changes, zone], { keys: [onward] }).start(host);
  const copy = secondaryZone('example.net', {
    primaries: [{ server: at, key: onward }],
    forwardUpdates: [{ key: 'ours' }],
  });
  await dnsService(`${copyAt}:53`, copy, { keys: [ours] }).start(copyHost);
  return { sim, zone, changes, copy, copyAt };
}

describe('TSIG of a forwarded update (RFC 8945 §5.5)', () => {
  test('is verified here, and the update goes on with a signature of ours; the reply is signed for the client', async () => {
    const { sim, zone, changes, copyAt } = await keyed();
    // The client insists on a reply signed with its own key, the primary on one with ours.
    expect(await sent(sim, copyAt, { key: ours })).toBe(Rcode.NoError);
    expect(zone.snapshot.get(www, Type.A)?.records).toHaveLength(1);
    expect(changes.counters).toEqual({ [Rcode.NoError]: 1 });
    await sim[Symbol.asyncDispose]();
  });

  test.each([
    ['of a key we do not share with the client', onward, Rcode.NotAuth],
    ['that is wrong', tsigKey('ours', 'hmac-sha256', Buffer.alloc(32, 3)), Rcode.NotAuth],
    ['that is missing', undefined, Rcode.Refused],
  ])('%s: nothing is sent on', async (_, key, rcode) => {
    const { sim, zone, copy, copyAt } = await keyed();
    expect(await sent(sim, copyAt, key && { key })).toBe(rcode);
    expect(copy.counters.forwarded).toBe(0);
    expect(zone.snapshot.get(www, Type.A)).toBeUndefined();
    await sim[Symbol.asyncDispose]();
  });
});
