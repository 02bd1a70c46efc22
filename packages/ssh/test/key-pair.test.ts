import { generateKeyPair, hostKeyFingerprint, parseAuthorizedKeys } from '@hawser/ssh';
import { expect, test } from 'vitest';

test('a key pair is a private key file and a line that lets its owner in', () => {
  const { privateKey, publicKey } = generateKeyPair({ comment: 'ann@lab' });
  expect(privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  expect(publicKey).toMatch(/^ssh-ed25519 \S+ ann@lab$/);
  expect(parseAuthorizedKeys(publicKey)).toMatchObject({
    keys: [{ comment: 'ann@lab' }],
    skipped: [],
  });
  expect(hostKeyFingerprint(privateKey)).toBe(hostKeyFingerprint(publicKey));
});
