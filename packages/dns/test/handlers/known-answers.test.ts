import { describe, expect, test } from 'vitest';
import { codeAnswer } from '../../src/contract/answer.ts';
import { KnownAnswers } from '../../src/handlers/known-answers.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import type { Zone } from '../../src/zone/zone.ts';

const zones = Array.from({ length: 100 }, (_, index) => newZone(Name.parse(`z${index}.example`)));
const [zone, other] = zones as [Zone, Zone];
const answer = codeAnswer(0);

function asked(label: string | number, { type = Type.A as number, dnssecOk = false } = {}) {
  return { key: Name.parse(`${label}.example`).key, type, dnssecOk };
}

describe('answers that are known', () => {
  test('are known by zone, name, type and DO', () => {
    const known = new KnownAnswers({ max: 100, maxPerZone: 100 });
    known.keep({ zone, question: asked('a') }, answer);
    expect(known.get(zone, asked('a'))).toBe(answer);
    expect(known.get(other, asked('a'))).toBeUndefined();
    expect(known.get(zone, asked('b'))).toBeUndefined();
    expect(known.get(zone, asked('a', { type: Type.AAAA }))).toBeUndefined();
    expect(known.get(zone, asked('a', { dnssecOk: true }))).toBeUndefined();
  });

  test('of one zone are no more than its share, and those of others stay', () => {
    const known = new KnownAnswers({ max: 1000, maxPerZone: 20 });
    known.keep({ zone: other, question: asked('a') }, answer);
    for (let name = 0; name < 500; name++) {
      known.keep({ zone, question: asked(name) }, answer);
      expect(known.size).toBeLessThanOrEqual(21);
    }
    expect(known.get(zone, asked(0))).toBeUndefined();
    expect(known.get(zone, asked(499))).toBe(answer);
    expect(known.get(other, asked('a'))).toBe(answer);
  });

  test('of all zones together are no more than the limit', () => {
    const known = new KnownAnswers({ max: 200, maxPerZone: 20 });
    for (const each of zones) {
      for (let name = 0; name < 30; name++) {
        known.keep({ zone: each, question: asked(name) }, answer);
        expect(known.size).toBeLessThanOrEqual(200);
      }
    }
    expect(known.size).toBeGreaterThan(50);
    const kept = zones.filter((each) => known.get(each, asked(29)) !== undefined);
    expect(kept.length).toBeLessThan(20);
    expect(kept).toContain(zones.at(-1));
  });

  test('stay while they are asked for, whatever else is', () => {
    const known = new KnownAnswers({ max: 200, maxPerZone: 20 });
    known.keep({ zone, question: asked('a') }, answer);
    const found = Array.from({ length: 200 }, (_, turn) => {
      for (let name = turn * 5; name < turn * 5 + 5; name++)
        known.keep({ zone: zones[name % 10] ?? other, question: asked(name) }, answer);
      return known.get(zone, asked('a'));
    });
    expect(new Set(found)).toEqual(new Set([answer]));
  });

  test('leave a mark of their zone that stays when they go', () => {
    const known = new KnownAnswers({ max: 200, maxPerZone: 20 });
    const salt = known.saltOf(zone, asked('a'));
    expect(known.saltOf(other, asked('a'))).not.toBe(salt);
    expect(known.saltOf(zone, asked('a', { type: Type.AAAA }))).not.toBe(salt);
    for (let name = 0; name < 100; name++) known.keep({ zone, question: asked(name) }, answer);
    expect(known.saltOf(zone, asked('a'))).toBe(salt);
  });
});
