import { connect } from 'node:tls';
import { expect, test, vi } from 'vitest';
import type { Clock, DelayedCall } from '../../src/contract/clock.ts';
import type { TlsCertificate, TlsServerOptions } from '../../src/contract/tls.ts';
import { createTestAuthority, EXPIRED } from '../../testing/test-certificates.ts';
import { host, TlsRig } from './tls-rig.ts';

const authority = createTestAuthority();
const { ca } = authority;
const fallback = authority.server('fallback.example');
const exact = authority.server('a.example');
const wildcard = authority.server('*.example');
const found = authority.server('found.test');
const LONG_MS = 1_234_567;
const handshakeError = { kind: 'protocol', error: { code: 'HAWSER_TLS_HANDSHAKE' } };

/** The common name of the certificate a client sees when it asks for `serverName`. */
async function shown(
  rig: TlsRig,
  port: number,
  serverName: string,
): Promise<string | string[] | undefined> {
  const { info, transport } = await rig.connect(port, { verify: false, serverName });
  transport?.close();
  return info?.peerCertificate()?.subject.CN;
}

/** Lets what waits for exactly `ms` wait for the test: how long a handshake takes is up to the machine. */
function holdCalls(clock: Clock, ms: number): () => void {
  const held: { readonly call: () => void; readonly delayed: DelayedCall }[] = [];
  const callLater = clock.callLater.bind(clock);
  vi.spyOn(clock, 'callLater').mockImplementation((afterMs, call) => {
    const delayed = callLater(afterMs, call);
    if (afterMs === ms) held.push({ call, delayed });
    return delayed;
  });
  return () => {
    for (const { call, delayed } of held.splice(0)) {
      if (!delayed.active) continue;
      delayed.cancel();
      call();
    }
  };
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a client gets the certificate of the name it asks for, exact before wildcard before default, with %s',
  async (maxVersion) => {
    await using rig = new TlsRig();
    const certificates = { 'a.example': exact, '*.example': wildcard };
    const port = await rig.serve({ ...fallback, certificates, maxVersion });
    expect(await shown(rig, port, 'A.example')).toBe('a.example');
    expect(await shown(rig, port, 'b.example')).toBe('*.example');
    expect(await shown(rig, port, 'c.b.example')).toBe('fallback.example');
    expect(await shown(rig, port, '127.0.0.1')).toBe('fallback.example');
  },
);

test('without a default, a client that asks for another name is refused, and one that asks for none', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve({ certificates: { 'a.example': exact } });
  expect(await shown(rig, port, 'a.example')).toBe('a.example');
  expect(await shown(rig, port, 'b.example')).toBeUndefined();
  expect(await shown(rig, port, '127.0.0.1')).toBeUndefined();
  expect(await rig.servers[1]?.lost).toMatchObject({
    ...handshakeError,
    error: { cause: { message: 'Cannot find a certificate for the name: "b.example"' } },
  });
  expect(await rig.servers[2]?.lost).toMatchObject(handshakeError);
});

test('certificateFor is asked for names that nobody lists, and may take its time', async () => {
  await using rig = new TlsRig();
  const asked: string[] = [];
  const port = await rig.serve({
    ...fallback,
    certificates: { 'a.example': exact },
    async certificateFor(name) {
      asked.push(name);
      await new Promise((done) => setImmediate(done));
      if (name === 'broken.test') throw new Error('the database is away');
      return name === 'found.test' ? found : undefined;
    },
  });
  expect(await shown(rig, port, 'a.example')).toBe('a.example');
  expect(await shown(rig, port, 'Found.test')).toBe('found.test');
  expect(await shown(rig, port, 'unknown.test')).toBe('fallback.example');
  expect(await shown(rig, port, 'broken.test')).toBeUndefined();
  expect(asked).toEqual(['found.test', 'unknown.test', 'broken.test']);
  expect(await rig.servers[3]?.lost).toMatchObject({
    ...handshakeError,
    error: { cause: { message: 'the database is away' } },
  });
});

test('a certificateFor that never answers ends with the handshake, and only so many may wait', async () => {
  await using rig = new TlsRig();
  const waiting: ((answer: TlsCertificate) => void)[] = [];
  const timeIsUp = holdCalls(rig.reactor.clock, LONG_MS);
  const port = await rig.serve({
    ...fallback,
    handshakeTimeoutMs: LONG_MS,
    maxCertificateLookups: 2,
    certificateFor: () => new Promise((done) => waiting.push(done)),
  });
  const first = shown(rig, port, 'one.test');
  const second = shown(rig, port, 'two.test');
  await expect.poll(() => waiting.length).toBe(2);
  expect(await shown(rig, port, 'three.test')).toBeUndefined();
  expect(await rig.servers[2]?.lost).toMatchObject({
    error: { cause: { message: expect.stringContaining('no more than 2 clients may wait') } },
  });
  timeIsUp();
  expect(await first).toBeUndefined();
  expect(await second).toBeUndefined();
  expect(await rig.servers[0]?.lost).toMatchObject({ kind: 'timeout', timer: 'handshake' });
  // Nobody waits any more, though nothing was answered.
  const third = shown(rig, port, 'third.test');
  await expect.poll(() => waiting.length).toBe(3);
  waiting[2]?.(found);
  expect(await third).toBe('found.test');
  // The connection has long gone; the answer must not disturb anybody.
  for (const answer of waiting) answer(found);
  await new Promise((done) => setImmediate(done));
  const last = [shown(rig, port, 'fourth.test'), shown(rig, port, 'fifth.test')];
  await expect.poll(() => waiting.length).toBe(5);
  for (const answer of waiting) answer(found);
  expect(await Promise.all(last)).toEqual(['found.test', 'found.test']);
});

test('a certificate that changes is served from the next handshake on; open connections live on', async () => {
  await using rig = new TlsRig();
  let current = exact;
  const port = await rig.serve({ certificate: { current: () => current } });
  const before = await rig.connect(port, { verify: false });
  expect(before.info?.peerCertificate()?.subject.CN).toBe('a.example');
  current = wildcard;
  expect(await shown(rig, port, 'any.example')).toBe('*.example');
  expect(before.transport?.ending).toBe(false);
  before.transport?.close();
  expect(await before.lost).toEqual({ kind: 'done' });
});

test('certificates are swapped under a hundred handshakes, and none of them fails', async () => {
  await using rig = new TlsRig();
  const both = [exact, wildcard];
  let asked = 0;
  const certificate = { current: () => both[(asked += 1) % 2] ?? exact };
  const port = await rig.serve({ certificate });
  const names = await Promise.all(Array.from({ length: 100 }, () => shown(rig, port, 'a.example')));
  expect(new Set(names)).toEqual(new Set(['a.example', '*.example']));
});

test('a client verifies names and addresses, and refuses what is not good for them', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve(authority.server(['a.example', '127.0.0.1']));
  const reason = async (serverName: string | undefined): Promise<unknown> => {
    const { info, transport, lost } = await rig.connect(port, { ca, serverName });
    transport?.close();
    return info ? info.authorized : await lost;
  };
  expect(await reason('a.example')).toBe(true);
  expect(await reason('127.0.0.1')).toBe(true);
  // The address of the peer, where no name is given.
  expect(await reason(undefined)).toBe(true);
  for (const other of ['b.example', '127.0.0.2', '::1']) {
    expect(await reason(other)).toMatchObject({
      ...handshakeError,
      error: { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
    });
  }
});

test('a client asks for a name as DNS has it, whether or not that is how it is written', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve(authority.server(['xn--bcher-kva.example', 'a.example']));
  const asked = async (serverName: string): Promise<unknown> => {
    const { info, transport, lost } = await rig.connect(port, { ca, serverName });
    transport?.close();
    await lost;
    return [info?.authorized, info?.serverName];
  };
  expect(await asked('bücher.example')).toEqual([true, 'xn--bcher-kva.example']);
  expect(await asked('a.example.')).toEqual([true, 'a.example']);
});

test('certificateFor is asked for DNS names alone, without the dot of the root', async () => {
  await using rig = new TlsRig();
  const asked: string[] = [];
  const port = await rig.serve({
    ...fallback,
    certificateFor: (name) => void asked.push(name),
  });
  const ask = (servername: string): Promise<unknown> =>
    new Promise((done) => {
      const socket = connect({ host, port, servername, rejectUnauthorized: false });
      socket.once('secureConnect', () => done(socket.destroy()));
      socket.once('error', done);
    });
  for (const name of ['..', '.', 'a..test', '-', '../a', '*.test', 'a_b.test.', 'x'.repeat(64)]) {
    await ask(name);
  }
  expect(asked).toEqual(['a_b.test']);
});

test.each([
  ['of an unknown authority', authority.server('a.example'), {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['that has expired', authority.server('a.example', EXPIRED), { ca }, 'CERT_HAS_EXPIRED'],
])(
  'a client refuses a certificate %s, or is told if it does not verify',
  async (_, cert, trust, code) => {
    await using rig = new TlsRig();
    const port = await rig.serve(cert);
    const options = { ...trust, serverName: 'a.example' };
    const refused = await rig.connect(port, options);
    expect(await refused.lost).toMatchObject({ ...handshakeError, error: { cause: { code } } });
    const lenient = await rig.connect(port, { ...options, verify: false });
    expect(lenient.info).toMatchObject({ authorized: false, authorizationError: code });
    lenient.transport?.abort();
  },
);

test('options that cannot work fail when they are checked', async () => {
  await using rig = new TlsRig();
  const check = (options: TlsServerOptions): void => rig.reactor.tls.check(options);
  const wrong: [TlsServerOptions, RegExp | typeof TypeError][] = [
    [{ cert: exact.cert, key: wildcard.key }, /key values mismatch/],
    [{ cert: 'nonsense', key: exact.key }, /PEM/i],
    [{ certificates: { 'a.example': { cert: exact.cert, key: found.key } } }, /mismatch/],
    [{ ...exact, certificates: { '*': wildcard } }, TypeError],
    [{ ...exact, ticketKeys: Buffer.alloc(47) }, TypeError],
    [{ ...exact, clientCertificates: 'require' }, /no ca/],
    [{ ...exact, handshakeTimeoutMs: 0 }, /handshakeTimeoutMs/],
    [{ ...exact, alpn: ['h2', ''] }, /1 to 255 bytes: 0/],
    [{ ...exact, alpn: ['é'.repeat(128)] }, /1 to 255 bytes: 256/],
    [{ ...exact, maxCertificateLookups: 0 }, /maxCertificateLookups/],
  ];
  for (const [options, error] of wrong) expect(() => check(options)).toThrow(error);
  check({ ...exact, certificates: { 'b.example': wildcard }, clientCertificates: 'request', ca });
});
