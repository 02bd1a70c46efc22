import { describe, expect, test } from 'vitest';
import { clientOf } from '../../src/delivery/client.ts';
import { parseForwarded } from '../../src/delivery/forwarded.ts';
import { type TrustProxyOptions, trustProxy } from '../../src/delivery/trust-proxy.ts';
import { get, makeContext } from '../static/site.ts';

function client(
  headers: Record<string, string>,
  options: Partial<TrustProxyOptions> = {},
  peer = '10.0.0.1',
) {
  const context = makeContext(undefined, { peer: { kind: 'tcp', host: peer, port: 1, family: 4 } });
  const response = new Response();
  const trusted = ['10.0.0.0/8'];
  expect(trustProxy({ trusted, ...options })(get('/', headers), () => response, context)).toBe(
    response,
  );
  return clientOf(context);
}

describe('by X-Forwarded-For', () => {
  const by = (value: string, peer?: string) =>
    client({ 'x-forwarded-for': value }, {}, peer).address;
  test.each<[value: string, address: string]>([
    ['192.0.2.7', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['198.51.100.1, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['198.51.100.1,10.0.0.3,192.0.2.7,10.0.0.2', '192.0.2.7'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['192.0.2.7, unknown', '10.0.0.1'],
    ['192.0.2.7, evil', '10.0.0.1'],
    ['192.0.2.7, unknown, 10.0.0.2', '10.0.0.2'],
    ['', '10.0.0.1'],
    [', ,', '10.0.0.1'],
  ])('%j it is %s', (value, address) => {
    expect(by(value)).toBe(address);
  });

  test('nothing is believed of a peer that is not trusted', () => {
    expect(by('198.51.100.1', '192.0.2.9')).toBe('192.0.2.9');
    const told = client(
      { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil' },
      {},
      '192.0.2.9',
    );
    expect(told).toEqual({ address: '192.0.2.9', scheme: 'http', host: undefined });
  });

  test('scheme and host are those of the nearest proxy', () => {
    const told = client({
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'http, https',
      'x-forwarded-host': 'example.net:8443',
    });
    expect(told).toEqual({ address: '192.0.2.7', scheme: 'https', host: 'example.net:8443' });
    const wrong = client({
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'a"><script>',
    });
    expect(wrong).toEqual({ address: '192.0.2.7', scheme: 'http', host: undefined });
    expect(client({ 'x-forwarded-proto': 'https' }).scheme).toBe('https');
  });

  test('a way without end is not followed', () => {
    expect(by(`192.0.2.7, ${'10.0.0.2, '.repeat(1000)}10.0.0.3`)).toBe('10.0.0.2');
  });
});

describe('by Forwarded', () => {
  const by = (forwarded: string) =>
    client({ forwarded, 'x-forwarded-for': '1.1.1.1' }, { field: 'forwarded' });
  test('the address, scheme and host come from the hop that is believed', () => {
    expect(by('for=198.51.100.1;proto=http, for=192.0.2.7;proto=https;host=example.net')).toEqual({
      address: '192.0.2.7',
      scheme: 'https',
      host: 'example.net',
    });
    expect(by('For="[2001:db8::7]:4711"').address).toBe('2001:db8::7');
    expect(by('for=192.0.2.7;proto=https, for=10.0.0.2;proto=http').scheme).toBe('https');
    expect(by('for=192.0.2.7, for=_hidden').address).toBe('10.0.0.1');
    expect(by('proto=https').scheme).toBe('https');
    expect(client({ 'x-forwarded-for': '1.1.1.1' }, { field: 'forwarded' }).address).toBe(
      '10.0.0.1',
    );
  });
  test.each(['for="a, for=192.0.2.7', 'for=, for=192.0.2.7', 'for=192.0.2.7, ;for='])(
    'a client that breaks the field with %j does not pass for the proxy',
    (field) => {
      expect(() => by(field)).toThrow(expect.objectContaining({ status: 400 }));
    },
  );
  test.each<[field: string, hops: unknown]>([
    ['for=a;proto=http;by=b, for=c', [{ for: 'a', proto: 'http', by: 'b' }, { for: 'c' }]],
    ['for="a,b;c\\"d"', [{ for: 'a,b;c"d' }]],
    ['', []],
    [' , ;', []],
    ['for=a;for=b', undefined],
    ['for=a b', undefined],
    ['for="a', undefined],
    ['for', undefined],
    ['__proto__=a', [{ ['__proto__']: 'a' }]],
  ])('%j is %j', (field, hops) => {
    expect(parseForwarded(field)).toEqual(hops);
  });
  test('a long field is read in no time', () => {
    expect(parseForwarded(`${' '.repeat(8000)}x${' '.repeat(8000)}`)).toBeUndefined();
    expect(parseForwarded(`for="${'\\a'.repeat(8000)}`)).toBeUndefined();
  });
});

test('entries that are no network are refused', () => {
  expect(() => trustProxy({ trusted: ['proxy.example.net'] })).toThrow(RangeError);
});
