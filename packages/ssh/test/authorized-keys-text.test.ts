import { expect, test } from 'vitest';
import { parseAuthorizedKeys } from '../src/index.ts';

const ED = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF7OQm9mcyKjJTTkaBq1RLb3M1lBXV0XlXyqQ5bqLjPW';
const keysOf = (text: string): string[] => parseAuthorizedKeys(text).keys.map((key) => key.comment);
const whysOf = (text: string): string[] => parseAuthorizedKeys(text).skipped.map(({ why }) => why);

test('takes keys with their comments, and passes over blank lines and remarks', () => {
  expect(keysOf(`# all of us\r\n\r\n${ED} alice@desk at home\n  ${ED}\n`)).toEqual([
    'alice@desk at home',
    '',
  ]);
});

test('takes options that forbid what is forbidden anyway', () => {
  expect(keysOf(`no-port-forwarding,No-X11-Forwarding,no-agent-forwarding ${ED} a`)).toEqual(['a']);
});

test.each([
  [`command="echo hi" ${ED} a`, 'command'],
  [`no-pty ${ED} a`, 'no-pty'],
  [`restrict ${ED} a`, 'restrict'],
  [`no-user-rc,from="10.0.0.*,\\"x y\\"",command="a b" ${ED} a`, 'from'],
  [`cert-authority ${ED}`, 'cert-authority'],
])('skips %s, as it cannot enforce it', (line, option) => {
  expect(parseAuthorizedKeys(line)).toEqual({
    keys: [],
    skipped: [{ line: 1, why: `the option "${option}" is not enforced here` }],
  });
});

test('an option that is not closed takes no key with it', () => {
  expect(keysOf(`command="echo ${ED} a`)).toEqual([]);
});

test('tells what else it cannot use, by line', () => {
  expect(whysOf(`ssh-dss AAAA x\n${ED.slice(0, 20)}!`)).toEqual([
    'it has no key of a known kind',
    'its key is damaged',
  ]);
  expect(whysOf(ED.replace('ssh-ed25519', 'ssh-rsa'))).toEqual(['its key is damaged']);
});
