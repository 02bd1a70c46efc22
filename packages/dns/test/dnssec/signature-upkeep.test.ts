import { createTestReactor } from '@hawser/core/testing';
import { expect, test } from 'vitest';
import type { LiveZone } from '../../src/contract/live-zone.ts';
import { SignatureTerms } from '../../src/dnssec/signature-terms.ts';
import { SignatureUpkeep } from '../../src/dnssec/signature-upkeep.ts';
import { generateKey } from '../../src/dnssec/signing-key.ts';
import { checkedKeys } from '../../src/dnssec/zone-keys.ts';
import { zoneFrom } from '../zone/zone-text.ts';

test('a walk that is to begin anew while names are looked at begins right after that', async () => {
  const reactor = createTestReactor();
  const content = zoneFrom('www A 192.0.2.1');
  const keys = checkedKeys([{ key: generateKey(), state: 'active', since: 0 }]);
  const looks: ((go: void) => void)[] = [];
  const walks: number[] = [];
  const zone = {
    origin: content.origin,
    snapshot: content,
    transact: async (decide: (zone: typeof content) => { result: unknown }) => {
      await new Promise<void>((go) => looks.push(go));
      return { result: decide(content).result, changeSet: undefined };
    },
  } as unknown as LiveZone;
  const upkeep = new SignatureUpkeep({
    zone,
    reactor,
    terms: new SignatureTerms(),
    keys: () => keys,
    walked: ({ began }) => void walks.push(began),
  });
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  reactor.clock.advance(0);
  expect(looks).toHaveLength(1);
  reactor.clock.advance(50);
  upkeep.hurry({ againAt: reactor.clock.epoch() + 120_000 });
  looks[0]?.();
  await turns();
  // It began before, and says nothing about what is now.
  expect(walks).toEqual([]);
  reactor.clock.advance(1000);
  expect(looks).toHaveLength(2);
  looks[1]?.();
  await turns();
  expect(walks).toHaveLength(1);
  upkeep[Symbol.dispose]();
});
