import { expect, test } from 'vitest';
import { AddressSet } from '../../../src/connection/address-set.ts';
import { stack } from '../../../src/connection/stack.ts';
import { allowList, denyList } from '../../../src/layers/admission/allow-list.ts';
import { Arrivals, silent } from '../arrive.ts';

const unix = { kind: 'unix', path: '' } as const;

test('only listed peers are let in', async () => {
  const server = new Arrivals(stack(allowList(['10.0.0.0/8', '2001:db8::/32']))(silent));
  expect(server.admits('10.9.8.7', '::ffff:10.0.0.1', '2001:db8::1')).toEqual([true, true, true]);
  expect(server.admits('11.0.0.1', '2001:db9::1', unix)).toEqual([false, false, false]);
  const refused = server.arrive('11.0.0.1');
  await refused.settle();
  expect(refused.closedWith).toEqual({
    kind: 'refused',
    by: 'allow',
    why: 'the address is not allowed',
  });
});

test('peers on a Unix socket are let in by that word', () => {
  expect(new Arrivals(stack(allowList(['unix']))(silent)).admits(unix)).toEqual([true]);
});

test('listed peers are kept out, everybody else is let in', () => {
  const server = new Arrivals(stack(denyList(['192.0.2.0/24']))(silent));
  expect(server.admits('192.0.2.77', '192.0.3.1', unix)).toEqual([false, true, true]);
});

test('a set can change while it is in use', () => {
  const banned = new AddressSet();
  const server = new Arrivals(stack(denyList(banned))(silent));
  expect(server.admits('192.0.2.1')).toEqual([true]);
  banned.add('192.0.2.1');
  expect(server.admits('192.0.2.1')).toEqual([false]);
  banned.delete('192.0.2.1');
  expect(server.admits('192.0.2.1')).toEqual([true]);
});
