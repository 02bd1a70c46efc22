import { describe, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import type { Factory } from '../../src/contract/factory.ts';
import type { TlsInfo, TlsServerOptions } from '../../src/contract/tls.ts';
import { createTestAuthority, EXPIRED } from '../../testing/test-certificates.ts';
import { TlsRig } from './tls-rig.ts';

const authority = createTestAuthority();
const { ca } = authority;
const server = authority.server('localhost');
const ann = authority.client('ann');
const verified = { ca, serverName: 'localhost' };

/** Tells what the server learnt of each client that it let in. */
function witness(): { factory: Factory; seen: (TlsInfo | undefined)[] } {
  const seen: (TlsInfo | undefined)[] = [];
  const factory: Factory = {
    name: 'witness',
    buildProtocol(incoming) {
      seen.push(incoming.info(TLS));
      return { dataReceived() {}, connectionMade: (t) => void t.write(Buffer.from('hi')) };
    },
  };
  return { factory, seen };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('client certificates with %s', (version) => {
  const base: TlsServerOptions = { ...server, ca, minVersion: version, maxVersion: version };

  test('are not asked for by default', async () => {
    await using rig = new TlsRig();
    const { factory, seen } = witness();
    const client = await rig.connect(await rig.serve(base, factory), { ...verified, ...ann });
    await expect.poll(() => client.received()).toBe('hi');
    expect(seen[0]).toMatchObject({ authorized: false, authorizationError: undefined });
    expect(seen[0]?.peerCertificate()).toBeUndefined();
    client.transport?.close();
  });

  test.each([
    ['ann', ann, { authorized: true, authorizationError: undefined }],
    ['nobody', {}, { authorized: false, authorizationError: undefined }],
    [
      'late',
      authority.client('late', EXPIRED),
      { authorized: false, authorizationError: 'CERT_HAS_EXPIRED' },
    ],
    [
      'stranger',
      createTestAuthority().client('stranger'),
      { authorized: false, authorizationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    ],
  ])('requested: %s is let in, and the protocol knows', async (name, certificate, expected) => {
    await using rig = new TlsRig();
    const { factory, seen } = witness();
    const port = await rig.serve({ ...base, clientCertificates: 'request' }, factory);
    const client = await rig.connect(port, { ...verified, ...certificate });
    await expect.poll(() => client.received()).toBe('hi');
    expect(seen[0]).toMatchObject(expected);
    const subject = seen[0]?.peerCertificate()?.subject.CN;
    expect(subject).toBe(name === 'nobody' ? undefined : name);
    client.transport?.close();
  });

  test.each([
    ['one without a certificate', {}, 'certificate'],
    ['one whose certificate expired', authority.client('late', EXPIRED), 'expired'],
    ['a stranger', createTestAuthority().client('stranger'), 'unable to verify'],
    ['a server', server, 'purpose'],
  ])('required: %s is kept out', async (_, certificate, why) => {
    await using rig = new TlsRig();
    const { factory, seen } = witness();
    const port = await rig.serve({ ...base, clientCertificates: 'require' }, factory);
    const client = await rig.connect(port, { ...verified, ...certificate });
    await client.lost;
    expect(client.received()).toBe('');
    expect(await rig.servers[0]?.lost).toMatchObject({
      kind: 'protocol',
      error: { code: 'HAWSER_TLS_HANDSHAKE', message: expect.stringContaining(why) },
    });
    expect(seen).toEqual([]);
    const known = await rig.connect(port, { ...verified, ...ann });
    await expect.poll(() => known.received()).toBe('hi');
    known.transport?.close();
  });
});
