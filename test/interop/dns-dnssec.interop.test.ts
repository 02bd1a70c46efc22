// Zones we sign, judged by those who validate: delv, drill and unbound for answers, dnssec-verify, ldns-verify-zone and kzonecheck
// for whole zones, BIND, NSD and Knot as secondaries.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  dynamic,
  formatKeyFiles,
  generateKey,
  type HostRecords,
  type KeyAlgorithm,
  Name,
  notifier,
  onlineSigner,
  parseKeyFiles,
  propagated,
  rdataToText,
  type SigningKey,
  Type,
  transfers,
  validateZone,
} from '@hawser/dns';
import { describe, expect } from 'vitest';
import { freePort, peerKinds } from './dns-peers.ts';
import { delv, ORIGIN, Ours, storedZone, unboundHost } from './dns-signed-zone.ts';
import { startSecondary } from './dns-transfer-peers.ts';
import { interop } from './peer.ts';
import { run } from './started.ts';

const algorithms: readonly KeyAlgorithm[] = ['ECDSAP256SHA256', 'ED25519'];

const validated = 'fully validated';
const denied = 'negative response, fully validated';

describe.each(algorithms)('a stored zone signed with %s', (algorithm) => {
  interop('delv validates whatever it asks', ['delv'], async () => {
    await using ours = new Ours();
    const { zone, key } = await storedZone({ algorithm });
    await ours.serve([zone]);
    const questions = [
      ['@', 'SOA', validated],
      ['@', 'DNSKEY', validated],
      ['@', 'CDS', validated],
      ['@', 'CDNSKEY', validated],
      ['host', 'A', validated],
      ['HOST', 'TXT', validated],
      ['host', 'AAAA', denied],
      ['www', 'A', validated],
      ['b.c', 'A', denied],
      ['gone', 'A', denied],
      ['zzz', 'A', denied],
      ['x.y.wild', 'A', validated],
      ['any.wild', 'TXT', denied],
      ['x.deep.wild', 'A', denied],
      ['safe', 'DS', validated],
      ['sub', 'DS', denied],
      ['moved', 'DNAME', validated],
      ['unknown', 'TYPE65280', validated],
      ['_sip._tcp', 'SRV', validated],
      ['svc', 'HTTPS', validated],
      ['host', 'NSEC', validated],
    ] as const;
    for (const [name, type, verdict] of questions) {
      const asked = name === '@' ? ORIGIN : `${name}.${ORIGIN}`;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(`${asked} ${await delv(ours, key, asked, type)}`).toContain(`; ${verdict}`);
    }
    expect(ours.reports.problems).toEqual([]);
  });

  interop('delv validates it after changes, and with no other key', ['delv'], async () => {
    await using ours = new Ours();
    const { zone, key } = await storedZone({ algorithm });
    await ours.serve([zone]);
    await zone.change([
      { name: 'host', type: 'A', values: '198.51.100.1' },
      { name: 'hosta', type: 'A', values: '198.51.100.2' },
      { name: 'a.b.c', type: 'A' },
      { name: 'sub', type: 'NS' },
      { name: 'cut.deep', type: 'NS', values: 'ns.elsewhere.test' },
    ]);
    expect(await delv(ours, key, `host.${ORIGIN}`, 'A')).toContain('198.51.100.1');
    expect(await delv(ours, key, `ns.sub.${ORIGIN}`, 'A')).toContain(`; ${validated}`);
    expect(await delv(ours, key, `b.c.${ORIGIN}`, 'A')).toContain(`; ${denied}`);
    expect(await delv(ours, key, `cut.deep.${ORIGIN}`, 'DS')).toContain(`; ${denied}`);
    expect(await delv(ours, generateKey(), `host.${ORIGIN}`, 'A')).not.toContain(validated);
  });

  interop(
    'verifiers find nothing wrong with the zone, before and after changes',
    ['dnssec-verify', 'ldns-verify-zone', 'kzonecheck'],
    async () => {
      await using ours = new Ours();
      const { zone } = await storedZone({ algorithm });
      await ours.serve([transfers(zone, { allow: ['127.0.0.1'] }), zone]);
      const verify = async (name: string): Promise<void> => {
        const path = await ours.file(name);
        const verified = await run('dnssec-verify', ['-z', '-o', ORIGIN, path]);
        expect(`${verified.stdout}${verified.stderr}`).toContain('Zone fully signed');
        const ldns = await run('ldns-verify-zone', [path]);
        expect([ldns.code, ldns.stdout, ldns.stderr]).toEqual([
          0,
          'Zone is verified and complete\n',
          '',
        ]);
        const knot = await run('kzonecheck', ['-d', 'on', '-o', ORIGIN, path]);
        expect([knot.code, knot.stdout, knot.stderr]).toEqual([0, '', '']);
      };
      await verify('first.zone');
      await zone.change([
        { name: 'host', type: 'A' },
        { name: 'sub', type: 'NS' },
        { name: 'wild', type: 'NS', values: 'ns.elsewhere.test' },
        { name: 'moved', type: 'DNAME' },
      ]);
      await verify('second.zone');
    },
  );
});

interop('drill chases signatures up to our key', ['drill'], async () => {
  await using ours = new Ours();
  const { zone, key } = await storedZone();
  await ours.serve([zone]);
  const anchor = join(ours.folder, 'anchor.key');
  writeFileSync(anchor, `${ORIGIN}. IN DNSKEY ${rdataToText(Type.DNSKEY, key.rdata)}\n`);
  const server = ['@127.0.0.1', '-p', String(ours.port), '-k', anchor];
  for (const [name, type] of [
    ['host', 'A'],
    ['gone', 'A'],
    ['host', 'MX'],
    ['x.wild', 'A'],
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { stdout } = await run('drill', ['-S', ...server, `${name}.${ORIGIN}`, type ?? '']);
    expect(`${name} ${stdout}`).toContain(';; Chase successful');
  }
});

interop('unbound finds the answers of a stored zone secure', ['unbound-host'], async () => {
  await using ours = new Ours();
  const { zone, signing } = await storedZone();
  await ours.serve([zone]);
  const anchor = `${ORIGIN}. DS ${signing.ds[0] ?? ''}`;
  for (const question of [
    [`host.${ORIGIN}`, 'A'],
    [`host.${ORIGIN}`, 'AAAA'],
    [`gone.${ORIGIN}`, 'A'],
    [`x.y.wild.${ORIGIN}`, 'A'],
    [`x.y.wild.${ORIGIN}`, 'MX'],
    [`b.c.${ORIGIN}`, 'A'],
    [`sub.${ORIGIN}`, 'DS'],
    [ORIGIN, 'MX'],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await unboundHost(ours, anchor, question)).toMatch(/\(secure\)/);
  }
});

describe.each(algorithms)('a zone that is a function, signed with %s', (algorithm) => {
  const names: Readonly<Record<string, HostRecords>> = {
    ns1: { A: '127.0.0.1' },
    host: { A: ['192.0.2.1', '192.0.2.2'], TXT: 'hello' },
    www: { CNAME: `host.${ORIGIN}` },
    dangling: { CNAME: `gone.${ORIGIN}` },
    sub: { NS: 'ns.elsewhere.test' },
    safe: { NS: 'ns.elsewhere.test', DS: `1 13 2 ${'ab'.repeat(32)}` },
    moved: { DNAME: 'elsewhere.test' },
    empty: {},
  };

  const online = async (ours: Ours): Promise<SigningKey> => {
    const key = generateKey(algorithm);
    const zone = dynamic(ORIGIN, { ns: [`ns1.${ORIGIN}`], resolve: ({ label }) => names[label] });
    await ours.serve([onlineSigner(zone, { keys: [key] })]);
    return key;
  };

  interop('delv validates whatever it asks', ['delv'], async () => {
    await using ours = new Ours();
    const key = await online(ours);
    for (const [name, type, verdict] of [
      ['@', 'SOA', validated],
      ['@', 'DNSKEY', validated],
      ['@', 'CDS', validated],
      ['host', 'A', validated],
      ['host', 'MX', denied],
      ['www', 'A', validated],
      ['gone', 'A', denied],
      ['dangling', 'A', validated],
      ['empty', 'A', denied],
      ['safe', 'DS', validated],
      ['sub', 'DS', denied],
      ['moved', 'DNAME', validated],
      ['host', 'NSEC', validated],
    ] as const) {
      const asked = name === '@' ? ORIGIN : `${name}.${ORIGIN}`;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(`${asked} ${await delv(ours, key, asked, type)}`).toContain(`; ${verdict}`);
    }
    expect(ours.reports.problems).toEqual([]);
  });

  interop('unbound finds the answers secure', ['unbound-host'], async () => {
    await using ours = new Ours();
    const key = await online(ours);
    const anchor = `${ORIGIN}. DNSKEY ${rdataToText(Type.DNSKEY, key.rdata)}`;
    for (const question of [
      [`host.${ORIGIN}`, 'A'],
      [`host.${ORIGIN}`, 'MX'],
      [`www.${ORIGIN}`, 'A'],
      [`gone.${ORIGIN}`, 'A'],
      [`empty.${ORIGIN}`, 'A'],
      [`sub.${ORIGIN}`, 'DS'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await unboundHost(ours, anchor, question)).toMatch(/\(secure\)/);
    }
  });
});

describe.each(peerKinds)('%s as secondary of a zone we sign', (kind) => {
  interop(
    `${kind} follows its changes, and delv validates what it says`,
    [kind, 'delv'],
    async () => {
      await using ours = new Ours();
      const { zone, key } = await storedZone();
      const port = await freePort();
      const transfer = transfers(zone, { allow: ['127.0.0.1'] });
      const also = [{ host: '127.0.0.1', port }];
      await ours.serve([notifier(zone, { nameServers: false, also }), transfer, zone]);
      const options = { folder: join(ours.folder, kind), origin: ORIGIN, port, ourPort: ours.port };
      await using peer = await startSecondary(kind, options);
      const there = { host: '127.0.0.1', port: peer.port, transport: 'tcp' } as const;
      const { reactor, client } = ours;
      const settled = (): Promise<unknown> =>
        propagated(zone, { reactor, client, servers: [there], timeoutMs: 20_000, intervalMs: 50 });
      await settled();
      const whole = transfer.counters.axfr;
      for (let host = 0; host < 10; host++) await zone.set(`h${host}`, 'A', `192.0.2.${host}`);
      await zone.delete('host');
      await zone.set('cut', 'NS', 'ns.elsewhere.test');
      await settled();
      expect(transfer.counters).toMatchObject({ axfr: whole, failed: 0 });
      ours.port = peer.port;
      for (const [name, type, verdict] of [
        ['h7', 'A', validated],
        ['host', 'A', denied],
        ['h7', 'TXT', denied],
        ['cut', 'DS', denied],
        ['x.y.wild', 'A', validated],
        ['@', 'SOA', validated],
      ] as const) {
        const asked = name === '@' ? ORIGIN : `${name}.${ORIGIN}`;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(`${asked} ${await delv(ours, key, asked, type)}`).toContain(`; ${verdict}`);
      }
      expect(validateZone(zone.snapshot)).toEqual([]);
    },
  );
});

describe('keys of others', () => {
  for (const algorithm of [
    'ECDSAP256SHA256',
    'ECDSAP384SHA384',
    'ED25519',
    'RSASHA256',
    'RSASHA512',
  ])
    interop(
      `a key that dnssec-keygen made for ${algorithm} signs our zone, and is written as it was`,
      ['dnssec-keygen', 'dnssec-dsfromkey', 'delv'],
      async () => {
        await using ours = new Ours();
        const { stdout } = await run('dnssec-keygen', [
          '-K',
          ours.folder,
          '-a',
          algorithm,
          '-f',
          'KSK',
          '-q',
          ...(algorithm.startsWith('RSA') ? ['-b', '2048'] : []),
          ORIGIN,
        ]);
        const base = join(ours.folder, stdout.trim());
        const read = async (path: string): Promise<string> => (await run('cat', [path])).stdout;
        const files = { key: await read(`${base}.key`), private: await read(`${base}.private`) };
        const { origin, key } = parseKeyFiles(files);
        const written = formatKeyFiles(origin, key);
        expect(written.name).toBe(stdout.trim());
        expect(parseKeyFiles(written).key.rdata.wire).toEqual(key.rdata.wire);
        const { zone, signing } = await storedZone({ key });
        const ds = await run('dnssec-dsfromkey', ['-2', `${base}.key`]);
        expect(ds.stdout.trim().toLowerCase()).toBe(
          `${ORIGIN}. IN DS ${signing.ds[0]}`.toLowerCase(),
        );
        await ours.serve([zone]);
        expect(await delv(ours, key, `host.${ORIGIN}`, 'A')).toContain(`; ${validated}`);
      },
    );

  interop(
    'dnssec-dsfromkey and ldns-key2ds read keys of ours',
    ['dnssec-dsfromkey', 'ldns-key2ds'],
    async () => {
      await using ours = new Ours();
      const key = generateKey('ED25519');
      const files = formatKeyFiles(Name.parse(ORIGIN), key);
      const path = join(ours.folder, `${files.name}.key`);
      writeFileSync(path, files.key);
      const { stdout } = await run('dnssec-dsfromkey', ['-2', path]);
      expect(stdout).toContain(`IN DS ${key.tag} 15 2 `);
      const ldns = await run('ldns-key2ds', ['-n', '-2', path]);
      expect(ldns.stdout.toUpperCase().replaceAll('\t', ' ')).toContain(
        stdout.trim().split(' ').at(-1),
      );
    },
  );
});
