// To sign a large change takes several turns, between which others are served, and is still one change.
import { createTestReactor, settle } from '@hawser/core/testing';
import { expect, test, vi } from 'vitest';
import { SignatureTerms } from '../../src/dnssec/signature-terms.ts';
import { signer, signingHooks } from '../../src/dnssec/signer.ts';
import { generateKey, type SigningKey } from '../../src/dnssec/signing-key.ts';
import { validateZone } from '../../src/dnssec/validate-zone.ts';
import { checkedKeys } from '../../src/dnssec/zone-keys.ts';
import { atOnce } from '../../src/in-turns.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { prepareChange } from '../../src/store/prepare-change.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { createRRset } from '../../src/zone/rrset.ts';
import type { Edit } from '../../src/zone/zone.ts';

const origin = Name.parse('example.net');
const key = generateKey('ED25519');

function addresses(count: number): Edit[] {
  return Array.from({ length: count }, (_, at) => {
    const name = Name.parse(`h${at}.example.net`);
    const rrset = createRRset(name, Type.A, { ttl: 60, values: [`10.0.${at >> 8}.${at & 255}`] });
    return { name, type: Type.A, rrset };
  });
}

/** A signed zone with one change: the turns of others meanwhile, and the sizes the zone had in them. */
async function change(edits: readonly Edit[], hooks = signer([key])) {
  const reactor = createTestReactor();
  const zone = await dynamicZone(origin.toString(), { reactor, hooks });
  const soon = vi.spyOn(reactor.clock, 'callSoon');
  const sizes = new Set<number>();
  let running = true;
  const done = zone.transact(() => ({ edits, result: undefined }));
  void done.finally(() => (running = false));
  while (running) {
    // oxlint-disable-next-line no-await-in-loop -- other threads sign, and this is a turn
    await settle();
    sizes.add(zone.snapshot.size);
    reactor.clock.advance(0);
  }
  await done;
  return { zone, sizes: [...sizes], turns: soon.mock.calls.length };
}

test('a hundred names are signed by this thread, in turns', async () => {
  const unsigned = await change(addresses(100), []);
  const { turns, zone, sizes } = await change(addresses(100));
  // Two signatures a name, of which a turn has room for some 25.
  expect(turns).toBeGreaterThan(unsigned.turns + 5);
  expect(validateZone(zone.snapshot)).toEqual([]);
  expect(sizes.filter((size) => size !== 1 && size !== 101)).toEqual([]);
});

test('many signatures of one name take turns as well', async () => {
  const name = Name.parse('many.example.net');
  const edits = Array.from({ length: 60 }, (_, at) => {
    const rrset = createRRset(name, 2000 + at, { ttl: 60, values: ['\\# 1 00'] });
    return { name, type: rrset.type, rrset };
  });
  const { turns, zone } = await change(edits);
  expect(turns).toBeGreaterThan(2);
  expect(validateZone(zone.snapshot)).toEqual([]);
});

test('a thousand names are looked at in turns, and signed elsewhere', async () => {
  const unsigned = await change(addresses(1000), []);
  const { turns, zone } = await change(addresses(1000));
  expect(turns).toBeGreaterThan(unsigned.turns + 10);
  expect(validateZone(zone.snapshot)).toEqual([]);
});

test('a large zone that is signed no more loses its signatures in turns', async () => {
  let keys: readonly SigningKey[] | undefined = [key];
  const hooks = hooksWith(() => keys);
  const zone = await dynamicZone(origin.toString(), {
    hooks,
    initial: newZone(origin).change(addresses(600))?.zone,
  });
  keys = undefined;
  let most = 0;
  const [, unsign] = hooks;
  await hooks[0]?.(zone.snapshot, zone.snapshot, [], atOnce);
  const edits = await unsign?.(zone.snapshot, zone.snapshot, [], (steps) => {
    let count = 0;
    for (;;) {
      const step = steps.next();
      most = Math.max(most, ++count);
      if (step.done === true) return step.value;
    }
  });
  expect(edits).toHaveLength(2 * 601);
  expect(most).toBeGreaterThan(1200);
});

test('keys that are replaced between two turns do not sign what does not show them', async () => {
  const other = generateKey('ED25519');
  let keys: readonly SigningKey[] = [key];
  let asked = false;
  const hooks = hooksWith(() => {
    asked = true;
    return keys;
  });
  const rules = { serials: 'increment', hooks, epochMs: () => 0 } as const;
  const prepared = await prepareChange(newZone(origin), addresses(3), {
    rules,
    inTurns: (steps) => {
      if (asked) keys = [other];
      return atOnce(steps);
    },
  });
  const zone = prepared?.zone;
  expect(zone?.apex.get(Type.DNSKEY)?.records).toEqual([key.rdata]);
  expect(zone && validateZone(zone)).toEqual([]);
});

function hooksWith(keys: () => readonly SigningKey[] | undefined) {
  return signingHooks({
    keys: () => {
      const now = keys();
      return now && checkedKeys(now.map((each) => ({ key: each, state: 'active', since: 0 })));
    },
    epochMs: () => Date.UTC(2026, 0),
    terms: new SignatureTerms(),
    keyTtl: 3600,
    digests: [2],
  });
}
