// The algorithm of a zone changes, and those who validate find nothing wrong in any step.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestReactor } from '@hawser/core/testing';
import {
  type DynamicZone,
  dynamicZone,
  formatType,
  type KeyAlgorithm,
  Name,
  parseZone,
  rdataToText,
  Zone,
  type ZoneSigning,
  zoneSigning,
} from '@hawser/dns';
import { describe, expect } from 'vitest';
import { delvFrom, ORIGIN, Ours, unboundHost, zoneText } from './dns-signed-zone.ts';
import { interop } from './peer.ts';
import { run } from './started.ts';

const TTL_S = 60;

/** A zone whose time the test decides: all of it takes less than the hour that signatures begin early. */
class Rolling {
  readonly reactor = createTestReactor();
  readonly signing: ZoneSigning;
  zone!: DynamicZone;
  ds: readonly string[] = [];

  constructor(algorithm: KeyAlgorithm) {
    const began = Date.now();
    this.reactor.clock.epoch = () => began + this.reactor.clock.now();
    this.signing = zoneSigning({
      algorithm,
      keyTtl: TTL_S,
      propagationSeconds: 0,
      parentCheckSeconds: 1,
      parentDs: async () => {
        const { rrsets } = parseZone(this.ds.map((each) => `@ ${TTL_S} DS ${each}\n`).join(''), {
          origin: ORIGIN,
        });
        return [...rrsets][0];
      },
    });
  }

  async open(): Promise<void> {
    const { reactor, signing } = this;
    const text = zoneText.replaceAll('3600', String(TTL_S));
    const initial = Zone.of(Name.parse(ORIGIN), parseZone(text, { origin: ORIGIN }).rrsets);
    this.zone = await dynamicZone(ORIGIN, { reactor, signing, initial });
    this.zone.started(reactor);
    this.ds = signing.ds;
  }

  states(): string {
    return this.signing.keys.map(({ state }) => state).join();
  }

  /** Time passes until the keys are in another state. */
  async step(): Promise<string> {
    const before = this.states();
    for (let seconds = 0; seconds < 1000 && this.states() === before; seconds++) {
      this.reactor.clock.advance(1000);
      for (let turn = 0; turn < 60; turn++) await Promise.resolve();
    }
    return this.states();
  }
}

describe.each([
  ['ECDSAP256SHA256', 'ED25519'],
  ['ED25519', 'ECDSAP256SHA256'],
] as const)('from %s to %s', (algorithm, other) => {
  interop(
    'delv, unbound and verifiers of zones find every step good',
    ['delv', 'unbound-host', 'dnssec-verify', 'ldns-verify-zone', 'kzonecheck'],
    async () => {
      await using ours = new Ours();
      const rolling = new Rolling(algorithm);
      await rolling.open();
      await ours.serve([(query) => rolling.zone.handle(query)]);
      await rolling.signing.rollover({ algorithm: other });
      const seen: string[] = [];
      for (let at = rolling.states(); ; at = await rolling.step()) {
        seen.push(at);
        await judge(ours, rolling, `${seen.length}.zone`);
        if (at === 'retired,active') {
          // The parent changes, and we have not noticed.
          rolling.ds = rolling.signing.ds;
          await judge(ours, rolling, `${seen.length}-changed.zone`);
        }
        if (at === 'active') break;
      }
      expect(seen).toEqual([
        'active,incoming',
        'active,published',
        'retired,active',
        'outgoing,active',
        'active',
      ]);
      expect(rolling.signing.keys[0]?.algorithm).toBe(other);
      expect(ours.reports.problems).toEqual([]);
    },
  );
});

async function judge(ours: Ours, { zone, ds }: Rolling, name: string): Promise<void> {
  const [anchor = ''] = ds;
  const [tag, number, digest, ...octets] = anchor.split(' ');
  const forDelv = `static-ds ${tag} ${number} ${digest} "${octets.join('')}"`;
  for (const [owner, type, verdict] of [
    ['host.', 'A', '; fully validated'],
    ['gone.', 'A', '; negative response, fully validated'],
    ['', 'CDS', '; fully validated'],
    ['x.wild.', 'A', '; fully validated'],
  ] as const) {
    const question = { name: `${owner}${ORIGIN}`, type };
    expect(`${name} ${await delvFrom(ours, forDelv, question)}`).toContain(verdict);
    // It wants signatures of all algorithms there are keys of.
    const said = await unboundHost(ours, `${ORIGIN}. DS ${anchor}`, [question.name, type]);
    expect(`${name} ${said}`).toMatch(/\(secure\)/);
  }
  const path = join(ours.folder, name);
  writeFileSync(path, textOf(zone.snapshot));
  const verified = await run('dnssec-verify', ['-z', '-o', ORIGIN, path]);
  expect(`${name} ${verified.stdout}${verified.stderr}`).toContain('Zone fully signed');
  expect(await run('ldns-verify-zone', [path])).toMatchObject({ code: 0 });
  // That of Knot 3.2 finds fault with any zone that has keys of two algorithms, whoever signed it.
  if (zone.get('@', 'DNSKEY')?.length !== 1) return;
  const knot = await run('kzonecheck', ['-d', 'on', '-o', ORIGIN, path]);
  expect(`${name} ${knot.stdout}${knot.stderr}`).toBe(`${name} `);
}

function textOf(zone: Zone): string {
  const lines = [...zone.rrsets()].flatMap(({ name, type, ttl, records }) =>
    records.map((rdata) => `${name}. ${ttl} IN ${formatType(type)} ${rdataToText(type, rdata)}`),
  );
  const first = lines.findIndex((line) => line.includes(' SOA '));
  return `${[...lines.splice(first, 1), ...lines].join('\n')}\n`;
}
