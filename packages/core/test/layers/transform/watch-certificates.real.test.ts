import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { watchCertificates } from '../../../src/layers/transform/watch-certificates.ts';
import { createTestAuthority, type TestCertificate } from '../../../testing/test-certificates.ts';
import { createTestReactor } from '../../../testing/test-reactor.ts';
import { TlsRig } from '../../node/tls-rig.ts';

const authority = createTestAuthority();
const first = authority.server('first.example');
const second = authority.server('second.example');

let folder: string;
let files: { cert: string; key: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hawser-certificates-'));
  files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  put(first);
});
afterEach(() => rmSync(folder, { recursive: true }));

function put({ cert, key }: TestCertificate, at: { cert: string; key: string } = files): void {
  writeFileSync(at.cert, cert);
  writeFileSync(at.key, key);
}

async function shown(rig: TlsRig, port: number): Promise<unknown> {
  const { info, transport } = await rig.connect(port, { verify: false });
  transport?.close();
  return info?.peerCertificate()?.subject.CN;
}

describe('a server follows its files', () => {
  const renewals: Record<string, () => void> = {
    'written in place': () => put(second),
    'renamed over, one after the other': () => {
      const next = { cert: join(folder, 'next-cert'), key: join(folder, 'next-key') };
      put(second, next);
      renameSync(next.cert, files.cert);
      renameSync(next.key, files.key);
    },
    'gone for a moment': () => {
      rmSync(files.cert);
      rmSync(files.key);
      put(second);
    },
  };

  test.each(Object.entries(renewals))('%s', async (_, renew) => {
    await using rig = new TlsRig();
    using certificate = watchCertificates(rig.reactor, files, { everyMs: 5 });
    const port = await rig.serve({ certificate });
    const before = await rig.connect(port, { verify: false });
    expect(before.info?.peerCertificate()?.subject.CN).toBe('first.example');
    renew();
    await expect.poll(() => shown(rig, port)).toBe('second.example');
    expect(before.transport?.ending).toBe(false);
    before.transport?.close();
    expect(await before.lost).toEqual({ kind: 'done' });
  });

  test('behind a symbolic link that is switched, as Kubernetes does', async () => {
    await using rig = new TlsRig();
    const versions = ['one', 'two'].map((name) => mkdtempSync(join(folder, name)));
    versions.forEach((version, at) =>
      put(at === 0 ? first : second, {
        cert: join(version, 'tls.crt'),
        key: join(version, 'tls.key'),
      }),
    );
    const [one = '', two = ''] = versions;
    const data = join(folder, '..data');
    symlinkSync(one, data);
    const linked = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
    symlinkSync(join(data, 'tls.crt'), linked.cert);
    symlinkSync(join(data, 'tls.key'), linked.key);
    using certificate = watchCertificates(rig.reactor, linked, { everyMs: 5 });
    const port = await rig.serve({ certificate });
    expect(await shown(rig, port)).toBe('first.example');
    symlinkSync(two, join(folder, '..next'));
    renameSync(join(folder, '..next'), data);
    await expect.poll(() => shown(rig, port)).toBe('second.example');
  });

  test('on SIGHUP, if asked to', async () => {
    const reactor = createTestReactor();
    const watched = watchCertificates(reactor, files, { everyMs: 0, onHangup: true });
    put(second);
    expect(reactor.clock.timers).toBe(0);
    reactor.lifecycle.raise('SIGHUP');
    await expect.poll(() => String(watched.current().cert)).toBe(second.cert);
    watched[Symbol.dispose]();
    expect(reactor.lifecycle.signalListeners).toBe(0);
    const quiet = watchCertificates(reactor, files);
    expect(reactor.lifecycle.signalListeners).toBe(0);
    expect(reactor.clock.timers).toBe(1);
    quiet[Symbol.dispose]();
    expect(reactor.clock.timers).toBe(0);
  });
});

test.each([
  ['nonsense', () => put({ cert: 'nonsense', key: first.key }), /PEM/i],
  ['a key of another certificate', () => put({ cert: second.cert, key: first.key }), /mismatch/],
  ['a file that is missing', () => rmSync(files.key), /ENOENT/],
])(
  '%s is reported once, and the old certificate stays until there is a good one',
  async (_, spoil, why) => {
    const reactor = createTestReactor();
    const watched = watchCertificates(reactor, files, { everyMs: 50 });
    const old = watched.current();
    spoil();
    // Each look waits for the file system, which knows nothing of virtual time.
    const look = async (): Promise<void> => {
      await reactor.clock.elapse(100);
      await new Promise((done) => setTimeout(done, 5));
    };
    const { problems } = reactor.reports;
    await expect.poll(async () => (await look(), problems.length)).toBe(1);
    for (let times = 0; times < 10; times++) await look();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.where).toBe('tls.certificate');
    expect(problems[0]?.error).toMatchObject({
      code: 'HAWSER_BAD_CERTIFICATE',
      message: expect.stringMatching(why),
    });
    expect(watched.current()).toBe(old);
    put(second);
    await expect.poll(async () => (await look(), String(watched.current().cert))).toBe(second.cert);
    expect(problems).toHaveLength(1);
    watched[Symbol.dispose]();
    expect(reactor.clock.timers).toBe(0);
  },
);

test('reload loads at once, says whether there was anything new, and never rejects', async () => {
  const reactor = createTestReactor();
  using watched = watchCertificates(reactor, files, { everyMs: 0 });
  const before = watched.current();
  expect(await watched.reload()).toBe(false);
  utimesSync(files.cert, 1, 1);
  expect(await watched.reload()).toBe(false);
  expect(watched.current()).toBe(before);
  put(second);
  expect(await watched.reload()).toBe(true);
  expect(String(watched.current().cert)).toBe(second.cert);
  rmSync(files.cert);
  expect(await watched.reload()).toBe(false);
  expect(reactor.reports.problems).toHaveLength(1);
});

test('files that cannot be used at the start fail there, and name themselves', () => {
  const reactor = createTestReactor();
  put({ cert: first.cert, key: second.key });
  expect(() => watchCertificates(reactor, files)).toThrow(UsageError);
  expect(() => watchCertificates(reactor, { ...files, key: '/nowhere/key' })).toThrow(
    '/nowhere/key',
  );
  expect(() => watchCertificates(reactor, files, { everyMs: -1 })).toThrow(RangeError);
  expect(reactor.clock.timers).toBe(0);
});
