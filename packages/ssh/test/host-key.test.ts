import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hostKeyFingerprint, loadHostKeys, ssh } from '../src/index.ts';

const folders: string[] = [];
const error = expect.objectContaining({ code: 'HAWSER_SSH_HOST_KEY' });

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'hawser-ssh-'));
  folders.push(made);
  return join(made, 'keys');
}
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

test('a key is made at the first start, for the owner only, and kept', async () => {
  const keys = folder();
  const [first] = await loadHostKeys(keys);
  const [second] = await loadHostKeys(keys);
  expect(first?.fingerprint).toMatch(/^SHA256:[\w+/]{43}$/);
  expect(second).toEqual(first);
  expect(readdirSync(keys)).toEqual(['ssh_host_ed25519_key']);
  expect(statSync(join(keys, 'ssh_host_ed25519_key')).mode & 0o777).toBe(0o600);
});

test('a key that others can read is refused', async () => {
  const keys = folder();
  await loadHostKeys(keys);
  chmodSync(join(keys, 'ssh_host_ed25519_key'), 0o644);
  await expect(loadHostKeys(keys)).rejects.toThrow(error);
});

test('the fingerprint is that of ssh-keygen', async () => {
  // ssh-keygen -lf - <<< '<the key>'
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF7OQm9mcyKjJTTkaBq1RLb3M1lBXV0XlXyqQ5bqLjPW';
  expect(hostKeyFingerprint(key)).toBe('SHA256:vggXntyPjssPlNh94w15SH1J4ILqQ5PuaS/y2F07DaQ');
  const keys = folder();
  const [made] = await loadHostKeys(keys);
  const text = readFileSync(join(keys, 'ssh_host_ed25519_key'));
  expect(hostKeyFingerprint(text)).toBe(made?.fingerprint);
});

test('a server without a usable key is not made', () => {
  const options = { auth: () => true, session: () => 0 };
  expect(() => ssh({ ...options, hostKeys: [] })).toThrow(error);
  expect(() => ssh({ ...options, hostKeys: [Buffer.from('nonsense')] })).toThrow(error);
  expect(() => ssh({ ...options, hostKeys: '/dev/null/keys' })).toThrow(error);
});
