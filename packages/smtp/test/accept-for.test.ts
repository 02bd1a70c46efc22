import { acceptFor, SmtpError } from '@hawser/smtp';
import { expect, test } from 'vitest';

const accept = acceptFor('example.net', 'Bücher.example', 'ann@example.org', 'bob@example.org');

function ask(address: string): unknown {
  const at = address.lastIndexOf('@');
  const localPart = at < 0 ? address : address.slice(0, at);
  const path = { address, localPart, domain: address.slice(at + 1), parameters: new Map() };
  // The session plays no part.
  const answer = accept(at < 0 ? { ...path, domain: '' } : path, undefined as never);
  return answer instanceof SmtpError ? answer.enhanced : answer;
}

test.each([
  ['anybody@example.net', undefined],
  ['anybody@EXAMPLE.net', undefined],
  ['x@bücher.example', undefined],
  ['x@xn--bcher-kva.example', undefined],
  ['Ann@example.org', undefined],
  ['bob@example.org', undefined],
  ['postmaster@example.org', undefined],
  ['postmaster@elsewhere.example', '5.7.1'],
  ['postmaster', undefined],
  ['Postmaster', undefined],
  ['eve@example.org', '5.1.1'],
  ['x@sub.example.net', '5.7.1'],
  ['x@elsewhere.example', '5.7.1'],
  ['somebody', '5.7.1'],
])('%s gets %s', (address, enhanced) => {
  expect(ask(address)).toBe(enhanced);
});

test.each(['', '@example.net', 'ann@', 'two words'])(
  'refuses to be set up with %j',
  (recipient) => {
    expect(() => acceptFor(recipient)).toThrow(TypeError);
  },
);
