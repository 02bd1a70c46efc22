import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { TLS } from '../../src/connection/info-keys.ts';
import type { TlsClientOptions, TlsServerOptions } from '../../src/contract/tls.ts';
import { bits, integer, oid, sequence, set, time, utf8 } from '../../testing/der.ts';
import { createTestAuthority } from '../../testing/test-certificates.ts';
import { host, TlsRig } from './tls-rig.ts';

const authority = createTestAuthority();
const { ca } = authority;
const server = authority.server(['localhost', 'other.example']);
const greeting = {
  name: 'greeting',
  buildProtocol: () => ({
    dataReceived() {},
    connectionMade: (t: { write(data: Buffer): boolean }) => void t.write(Buffer.from('hi')),
  }),
};

/** Connects, waits for the greeting, behind which tickets have arrived, and says whether a session was taken up. */
async function visit(
  rig: TlsRig,
  port: number,
  options: TlsClientOptions,
): Promise<boolean | undefined> {
  const { info, transport, received, lost } = await rig.connect(port, options);
  if (!info) return undefined;
  await expect.poll(received).toBe('hi');
  transport?.close();
  await lost;
  return info.resumed;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions with %s', (maxVersion) => {
  test('are taken up by a client with the same options and name, and by no other', async () => {
    await using rig = new TlsRig();
    const port = await rig.serve({ ...server, maxVersion }, greeting);
    const options: TlsClientOptions = { ca, serverName: 'localhost' };
    expect(await visit(rig, port, options)).toBe(false);
    expect(await visit(rig, port, options)).toBe(true);
    expect(await visit(rig, port, options)).toBe(true);
    expect(await visit(rig, port, { ...options })).toBe(false);
    expect(await visit(rig, port, { ...options, serverName: 'other.example' })).toBe(false);
  });

  test('survive a new certificate', async () => {
    await using rig = new TlsRig();
    let current = server;
    const port = await rig.serve({ certificate: { current: () => current }, maxVersion }, greeting);
    const options: TlsClientOptions = { ca, serverName: 'localhost' };
    expect(await visit(rig, port, options)).toBe(false);
    current = authority.server('localhost');
    expect(await visit(rig, port, options)).toBe(true);
  });

  test('are shared by processes with the same ticket keys, and by no others', async () => {
    await using rig = new TlsRig();
    const ticketKeys = randomBytes(48);
    const one = await rig.serve({ ...server, maxVersion, ticketKeys }, greeting);
    const two = await rig.serve({ ...server, maxVersion, ticketKeys }, greeting);
    const stranger = await rig.serve({ ...server, maxVersion }, greeting);
    const options: TlsClientOptions = { ca, serverName: 'localhost' };
    expect(await visit(rig, one, options)).toBe(false);
    expect(await visit(rig, two, options)).toBe(true);
    expect(await visit(rig, stranger, options)).toBe(false);
  });

  test('do not get a client past a server that asks for certificates', async () => {
    await using rig = new TlsRig();
    const shared: TlsServerOptions = { ...server, ca, maxVersion, ticketKeys: randomBytes(48) };
    const open = await rig.serve(shared, greeting);
    const closed = await rig.serve({ ...shared, clientCertificates: 'require' }, greeting);
    const options: TlsClientOptions = { ca, serverName: 'localhost' };
    expect(await visit(rig, open, options)).toBe(false);
    const { lost, received } = await rig.connect(closed, options);
    await lost;
    expect(received()).toBe('');
    expect(await rig.servers[1]?.lost).toMatchObject({ kind: 'protocol' });
  });

  test('are never those of a server that was not verified', async () => {
    await using rig = new TlsRig();
    const port = await rig.serve({ ...server, maxVersion }, greeting);
    const strict: TlsClientOptions = { ca, serverName: 'wrong.example' };
    const lenient: TlsClientOptions = { ...strict, verify: false };
    for (const _ of ['first', 'again']) {
      expect(await visit(rig, port, strict)).toBeUndefined();
      const { info, transport, heard, lost } = await rig.connect(port, lenient);
      expect(info?.authorized).toBe(false);
      expect(info?.authorizationError).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      await heard;
      transport?.close();
      await lost;
    }
  });

  test('do not get a client past a list of revoked certificates that the server did not have before', async () => {
    await using rig = new TlsRig();
    const shared: TlsServerOptions = {
      ...server,
      ca,
      maxVersion,
      ticketKeys: randomBytes(48),
      clientCertificates: 'require',
    };
    const before = await rig.serve(shared, greeting);
    // It is not the authority's, so every certificate is refused.
    const after = await rig.serve({ ...shared, crl: foreignList() }, greeting);
    const options: TlsClientOptions = { ca, serverName: 'localhost', ...authority.client('ann') };
    expect(await visit(rig, before, options)).toBe(false);
    const { lost, received } = await rig.connect(after, options);
    await lost;
    expect(received()).toBe('');
    expect(await rig.servers[1]?.lost).toMatchObject({
      kind: 'protocol',
      error: { cause: { code: 'UNABLE_TO_GET_CRL' } },
    });
  });

  test('of a client with a certificate keep it', async () => {
    await using rig = new TlsRig();
    const authorized: unknown[] = [];
    const port = await rig.serve(
      { ...server, ca, maxVersion, clientCertificates: 'require' },
      {
        ...greeting,
        buildProtocol(incoming) {
          const info = incoming.info(TLS);
          authorized.push(info?.resumed, info?.authorized, info?.peerCertificate()?.subject.CN);
          return greeting.buildProtocol();
        },
      },
    );
    const options: TlsClientOptions = { ca, serverName: 'localhost', ...authority.client('ann') };
    expect(await visit(rig, port, options)).toBe(false);
    expect(await visit(rig, port, options)).toBe(true);
    expect(authorized).toEqual([false, true, 'ann', true, true, 'ann']);
  });
});

test('a client that renegotiates is refused, and the connection ends or goes on unchanged', async () => {
  await using rig = new TlsRig();
  const port = await rig.serve({ ...server, maxVersion: 'TLSv1.2' }, greeting);
  const socket = connect({ host, port, ca, servername: 'localhost' });
  await new Promise<void>((done) => socket.once('secureConnect', done));
  const failed = await new Promise<Error | null>((done) => {
    socket.once('error', done);
    socket.renegotiate({}, done);
  });
  expect(String(failed)).toMatch(/renegotiation/i);
  socket.destroy();
});

/** A list of revoked certificates (RFC 5280 §5.1) of nobody we know, with none on it. */
function foreignList(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const issuer = sequence(set(sequence(oid('2.5.4.3'), utf8('nobody'))));
  const toBeSigned = sequence(integer(1), algorithm, issuer, time(0), time(Date.UTC(2049, 0)));
  const signature = bits(sign('sha256', toBeSigned, privateKey));
  const list = sequence(toBeSigned, algorithm, signature).toString('base64');
  return `-----BEGIN X509 CRL-----\n${list.replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
}
