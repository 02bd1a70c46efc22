import { expect, test } from 'vitest';
import { badEndpoint, withoutPasswords } from '../../src/endpoints/bad-endpoint.ts';
import { parseClientEndpoint, parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';

test.each([
  // A password that is not escaped, in every place where it can end a part early.
  'socks5+tcp://me:s3cret@proxy',
  'socks5+tcp://me:s3cret%zz@proxy/h:1',
  'socks5+tcp://me:s3/cret@proxy:1/h:1',
  'socks5+tcp://me:s3#cret@proxy:1/h:1',
  'socks5+tcp://me:s3?cret@proxy:1/h:1',
  'socks5+tcp://me:s3?cret&s3=cret@proxy:1/h:1',
  'socks5+tcp://me:s3&cret=s3@proxy:x/h:1',
  'socks5+tcp://me:s3@cret@proxy:x/h:1',
  'socks5+tcp://me:s3:cret@proxy:x/h:1',
  'socks5+tcp://me:s3/x:cret/y@proxy:1/h:1',
  'socks5+tcp://me:s3 cret@p:1/h:1 ',
  'socks5+tcp://me:s3\tcret@p:1/h:1',
  'socks5+tcp://me:s3cret@[::1/h:1',
  'socks5+tcp://proxy:1/me:s3cret@h:1',
  'socks5+tcp://proxy:1/me:s3/cret@h:1',
  'socks5+http-connect+tcp://me:s3cret@a:1/me:s3/cret@b:1/h:1',
  // Where there must be none at all.
  'socks5://me:s3cret@proxy/h:1/me:s3cret@x:1',
  'tcp://me:s3cret@h:1',
  'tls://me:s3/cret@h:1',
  'HTTP://me:s3cret@h:1',
  '//me:s3cret@h:1',
  'me:s3cret@proxy:1080',
  // Among the options.
  'socks5+unix:/x?target=me:s3cret@h:1',
  'socks5+unix:/x?target=h:1&Login=me:s3cret',
  'socks5+unix:/x?target=h:1&login=me:s3cret%25zz',
  'socks5+unix:/x?target=h:1&login=me:s3cret%zz',
  'socks5+unix:/x?target=h:1&socks5.login=me:s3cret&x=1',
  'socks5+tcp://proxy/h:1?password=s3cret',
])('no part of the password is in the error of %j', expectHidden);

test('nor when text is too long to be looked at', () => {
  for (const start of ['socks5+tcp://me:s3cret', 'me:s3cret']) {
    expectHidden(`${start}${'x'.repeat(9_000)}@proxy/h:1`);
  }
});

function expectHidden(text: string): void {
  for (const parse of [parseClientEndpoint, parseServerEndpoint]) {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/s3|cret/) }),
    );
  }
}

test('a password that ends a part early is told what to do', () => {
  const parse = (): unknown => parseClientEndpoint('socks5+tcp://me:pass/word@proxy:1/h:1');
  expect(parse).toThrow(
    'Cannot parse endpoint "socks5+tcp://me:***@proxy:1/h:1": / ? # in what stands before "@" must be escaped with %',
  );
});

test.each([
  ['socks5+tcp://me:pw@proxy:1080/h:1', 'socks5+tcp://me:***@proxy:1080/h:1'],
  [
    'socks5+http-connect+tcp://a:b@[::1]:1/c:d@e:2/f:3',
    'socks5+http-connect+tcp://a:***@[::1]:1/c:***@e:2/f:3',
  ],
  ['socks5+unix:/x?socks5.login=a%3Ab&x=y', 'socks5+unix:/x?socks5.login=***&x=y'],
  ['ssh+tcp://ops@bastion:22/db:5432', 'ssh+tcp://ops@bastion:22/db:5432'],
  ['tls://[::1]:443?cert=/srv/a@b/c.pem', 'tls://[::1]:443?cert=/srv/a@b/c.pem'],
  ['unix:@abstract', 'unix:@abstract'],
  ['systemd:web@1', 'systemd:web@1'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown);
  expect(badEndpoint(text, 'why').message).toBe(
    `Cannot parse endpoint ${JSON.stringify(shown)}: why`,
  );
});
