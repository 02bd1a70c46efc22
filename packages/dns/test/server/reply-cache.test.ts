import { expect, test } from 'vitest';
import { Name } from '../../src/name.ts';
import { ReplyCache } from '../../src/server/reply-cache.ts';
import { newZone } from '../../src/zone/new-zone.ts';

const zone = newZone(Name.parse('example.net'));
const shape = { maxBytes: 1232, edns: true, dnssecOk: false };
const question = (text: string) => {
  const { key } = Name.parse(text);
  return { key, nameEnd: 12 + key.length, end: 16 + key.length, type: 1, class: 1 };
};

test('a reply is kept in memory of its own, not in a slab it would keep alive', () => {
  const cache = new ReplyCache();
  cache.set(zone, question('www.example.net'), shape, Buffer.from('pooled'));
  const kept = cache.get(zone, question('www.example.net'), shape);
  expect(kept?.toString()).toBe('pooled');
  expect(kept?.buffer.byteLength).toBe(6);
});

test('a reply is kept for one zone, size, EDNS, DO, type and class', () => {
  const cache = new ReplyCache();
  const www = question('www.example.net');
  cache.set(zone, www, shape, Buffer.from('x'));
  const other = newZone(Name.parse('example.net'));
  expect([
    cache.get(other, www, shape),
    cache.get(zone, www, { ...shape, maxBytes: 512 }),
    cache.get(zone, www, { ...shape, edns: false }),
    cache.get(zone, www, { ...shape, dnssecOk: true }),
    cache.get(zone, { ...www, type: 28 }, shape),
    cache.get(zone, { ...www, class: 255 }, shape),
    cache.get(zone, question('ww.example.net'), shape),
  ]).toEqual(Array.from({ length: 7 }));
});

test('10,000 replies are kept for a zone, and none above 1232 octets', () => {
  const cache = new ReplyCache();
  const first = question('n0.example.net');
  for (let index = 0; index < 10_000; index++)
    cache.set(zone, question(`n${index}.example.net`), shape, Buffer.from('x'));
  expect(cache.get(zone, first, shape)).toBeDefined();
  cache.set(zone, question('one.more.example.net'), shape, Buffer.from('x'));
  expect(cache.get(zone, first, shape)).toBeUndefined();
  cache.set(zone, first, { ...shape, maxBytes: 65_535 }, Buffer.alloc(1233));
  expect(cache.get(zone, first, { ...shape, maxBytes: 65_535 })).toBeUndefined();
});
