import { describe, expect, test } from 'vitest';
import { Name } from '../src/name.ts';

describe('Name', () => {
  test.each([
    ['example.net', 'example.net', 2],
    ['example.net.', 'example.net', 2],
    ['.', '.', 0],
    ['', '.', 0],
    ['a\\.b.example', 'a\\.b.example', 2],
    ['\\097bc', 'abc', 1],
    ['a\\000b.x', 'a\\000b.x', 2],
    ['\\255.x', '\\255.x', 2],
    ['a b', 'a\\032b', 1],
    ['*.example', '*.example', 2],
    ['_dmarc.example', '_dmarc.example', 2],
    ['a\\\\b', 'a\\\\b', 1],
  ])('reads %j as %j with %i labels', (text, shown, labels) => {
    const name = Name.parse(text);
    expect([name.toString(), name.labelCount]).toEqual([shown, labels]);
    expect(Name.parse(name.toString()).equals(name)).toBe(true);
    expect(Name.fromWire(name.wire).equals(name)).toBe(true);
  });

  test.each(['a..b', '.a', '..', 'a\\', 'a\\256', `${'x'.repeat(64)}.a`])(
    'does not read %j',
    (text) => {
      expect(() => Name.parse(text)).toThrow(expect.objectContaining({ code: 'HAWSER_DNS_NAME' }));
    },
  );

  test('says so where there is no text at all', () => {
    expect(() => Name.parse(undefined as never)).toThrow(
      expect.objectContaining({
        code: 'HAWSER_DNS_NAME',
        message: 'Cannot use "undefined" as a name',
      }),
    );
  });

  test('takes labels of 63 and names of 255 octets, and no more', () => {
    const label = 'x'.repeat(63);
    const longest = `${label}.${label}.${label}.${'y'.repeat(61)}`;
    expect(Name.parse(longest).wire.length).toBe(255);
    expect(Name.parse(`${longest}.`).wire.length).toBe(255);
    expect(() => Name.parse(`${longest}y`)).toThrow('Cannot use');
    expect(() => Name.parse(`${longest}.y`)).toThrow('Cannot use');
    expect(() => Name.parse('a').concat(Name.parse(longest))).toThrow('Cannot join');
  });

  test('folds ASCII case and nothing else', () => {
    expect(Name.parse('ExAmple.NET').equals(Name.parse('example.net'))).toBe(true);
    expect(Name.parse('\\196').equals(Name.parse('\\228'))).toBe(false);
    expect(Name.parse('ExAmple.NET').toString()).toBe('ExAmple.NET');
    expect(Name.parse('[').equals(Name.parse('{'))).toBe(false);
  });

  test('keeps apart what only looks alike', () => {
    expect(Name.parse('a\\.b.c').equals(Name.parse('a.b.c'))).toBe(false);
    // The octets of the one end with the octets of the other, but inside a label.
    const tricky = Name.parse('x\\003net');
    expect(tricky.isSubdomainOf(Name.parse('net'))).toBe(false);
  });

  test('knows its place in the tree', () => {
    const origin = Name.parse('example.net');
    const host = Name.parse('a.b.Example.net');
    expect(host.isSubdomainOf(origin)).toBe(true);
    expect(origin.isSubdomainOf(host)).toBe(false);
    expect(origin.isSubdomainOf(Name.root)).toBe(true);
    expect(host.relativeTo(origin)).toBe('a.b');
    expect(origin.relativeTo(origin)).toBe('@');
    expect(Name.parse('other').relativeTo(origin)).toBe('other.');
    expect(host.parent()?.toString()).toBe('b.Example.net');
    expect(Name.root.parent()).toBeUndefined();
    expect(Name.parse('www').concat(origin).toString()).toBe('www.example.net');
  });

  test('sorts as RFC 4034 section 6.1 shows', () => {
    const sorted = [
      'example',
      'a.example',
      'yljkjljk.a.example',
      'Z.a.example',
      'zABC.a.EXAMPLE',
      'z.example',
      '\\001.z.example',
      '*.z.example',
      '\\200.z.example',
    ];
    const names = sorted.map((text) => Name.parse(text));
    names.sort((one, other) => Buffer.compare(one.sortKey(), other.sortKey()));
    expect(names.map(String)).toEqual(sorted);
  });

  test.each([
    ['an empty buffer', []],
    ['no end', [1, 97]],
    ['a label past the end', [5, 97, 0]],
    ['a pointer', [0xc0, 0x00]],
    ['a label type of 0x40', [0x41, 97, 0]],
  ])('does not read %s from wire', (_, octets) => {
    expect(() => Name.fromWire(Buffer.from(octets))).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'HAWSER_DNS_NAME' }),
    );
  });
});
