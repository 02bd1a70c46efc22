import { createSimReactor } from '@hawser/core';
import { describe, expect, test } from 'vitest';
import { dnsClient } from '../../src/client/dns-client.ts';
import { Name } from '../../src/name.ts';
import { Type } from '../../src/numbers.ts';
import { ResponderCounters } from '../../src/server/counters.ts';
import { formatMetrics, type MetricsOptions } from '../../src/server/format-metrics.ts';
import type { MeteredZone } from '../../src/server/zone-metrics.ts';
import { dnsService } from '../../src/server.ts';
import { dynamicZone } from '../../src/store/open-dynamic-zone.ts';
import { notifier } from '../../src/transfer/notifier.ts';
import { secondaryZone } from '../../src/transfer/secondary-zone.ts';
import { transfers } from '../../src/transfer/transfers.ts';
import { updates } from '../../src/update/message/updates.ts';
import { newZone } from '../../src/zone/new-zone.ts';
import { build } from '../build.ts';

/** The lines about zones, without their prefix and without what explains them. */
function lines(options: MetricsOptions): string[] {
  return formatMetrics(new ResponderCounters(), options)
    .trimEnd()
    .split('\n')
    .filter((line) => /^hawser_dns_(?:zone|transfers|notifies|updates|refreshes)/.test(line))
    .map((line) => line.replace('hawser_dns_', ''));
}

describe('of a primary and a secondary', () => {
  async function scene() {
    const sim = createSimReactor({ seed: 5 });
    const [primary, secondary] = [sim.host('primary'), sim.host('secondary')];
    const [at = '', copyAt = ''] = [primary.addresses[0], secondary.addresses[0]];
    const zone = await dynamicZone('example.net', { reactor: primary });
    const copies = transfers(zone, { allow: [copyAt] });
    const notices = notifier(zone, { also: [copyAt], nameServers: false });
    const changes = updates(zone, { policy: [{ key: 'k', names: '*' }] });
    const service = dnsService(`${at}:53`, [changes, copies, notices, zone]);
    const copy = secondaryZone('example.net', {
      primaries: [at],
      expireSeconds: { min: 900, max: 900 },
    });
    const copyService = dnsService(`${copyAt}:53`, copy);
    await copyService.start(secondary);
    await service.start(primary);
    await zone.set('www', 'A', '192.0.2.1');
    const ms = async (wait: number): Promise<void> => {
      await new Promise<void>((resolve) => void sim.clock.callLater(wait, resolve));
    };
    await ms(10_000);
    return {
      secondary,
      zone,
      copies,
      notices,
      changes,
      service,
      copyService,
      copy,
      ms,
      at,
      copyAt,
    };
  }

  test('what was sent and what was taken is there', async () => {
    const { secondary, zone, copies, notices, changes, ...rest } = await scene();
    const { service, copyService, copy, at, copyAt } = rest;
    const stranger = dnsClient({ reactor: secondary });
    const update = build({ flags: 0x2800, questions: [{ name: 'example.net', type: Type.SOA }] });
    await new Promise<void>((resolve) => {
      const heard = { datagramReceived: () => resolve() };
      void secondary.udp
        .bind({ port: 0 }, heard)
        .then((port) => port.send(update, { kind: 'udp', host: at, port: 53, family: 4 }));
    });
    const notice = { name: Name.parse('example.net'), type: Type.SOA, opcode: 4 };
    await stranger.exchange(notice, copyAt);
    const { serial } = zone;
    expect(
      lines({ zones: [zone], transfers: copies, notifier: notices, updates: changes }),
    ).toEqual([
      'zones{state="good"} 1',
      'zones{state="empty"} 0',
      'zones{state="expired"} 0',
      `zone_serial{zone="example.net"} ${serial}`,
      'zone_names{zone="example.net"} 2',
      'transfers_out_total{kind="axfr"} 1',
      'transfers_out_total{kind="ixfr"} 0',
      'transfers_out_active 0',
      'transfers_out_failed_total 0',
      'transfers_out_rejected_total{reason="refused"} 0',
      'transfers_out_rejected_total{reason="quota"} 0',
      'transfers_out_current_total 0',
      `notifies_sent_total ${notices.counters.sent}`,
      `notifies_delivered_total ${notices.counters.delivered}`,
      'notifies_failed_total 0',
      'updates_total{rcode="REFUSED"} 1',
    ]);
    expect(notices.counters.delivered).toBeGreaterThan(0);
    const { looks, failures, notices: taken } = copy.counters;
    const refreshed = (copy.refreshedAt ?? Number.NaN) / 1000;
    expect(lines({ zones: [copy] })).toEqual([
      'zones{state="good"} 1',
      'zones{state="empty"} 0',
      'zones{state="expired"} 0',
      `zone_serial{zone="example.net"} ${serial}`,
      'zone_names{zone="example.net"} 2',
      `zone_expires_seconds{zone="example.net"} ${copy.expiresInSeconds}`,
      `zone_refreshed_timestamp_seconds{zone="example.net"} ${refreshed}`,
      `refreshes_total ${looks}`,
      `refreshes_failed_total ${failures}`,
      'transfers_in_total{kind="axfr"} 1',
      'transfers_in_total{kind="ixfr"} 0',
      'transfers_in_fell_back_total 0',
      `notifies_in_total{result="taken"} ${taken}`,
      'notifies_in_total{result="refused"} 1',
      'updates_forwarded_total 0',
    ]);
    await stranger.close();
    await Promise.all([service.stop(), copyService.stop()]);
  });

  test('a copy whose primary is gone gets older, is not refreshed, and expires', async () => {
    const { service, copyService, copy, ms } = await scene();
    await service.stop();
    const heard = copy.refreshedAt;
    expect(copy.expiresInSeconds).toBeGreaterThan(800);
    await ms(1_000_000);
    expect(copy.refreshedAt).toBe(heard);
    const text = lines({ zones: [copy] });
    expect(text).toContain('zones{state="expired"} 1');
    expect(text).toContain('zone_expires_seconds{zone="example.net"} 0');
    expect(text.some((line) => line.startsWith('zone_serial'))).toBe(false);
    await copyService.stop();
  });
});

describe('zones', () => {
  const numbered = Array.from({ length: 5 }, (_, index) =>
    newZone(Name.parse(`z${index}.example`)),
  );
  const serials = (options: MetricsOptions): string[] =>
    lines(options).filter((line) => line.startsWith('zone_serial'));

  test('that are too many have no lines of their own, but are counted', () => {
    expect(serials({ zones: numbered, maxZones: 2 })).toEqual([
      'zone_serial{zone="z0.example"} 1',
      'zone_serial{zone="z1.example"} 1',
    ]);
    expect(lines({ zones: numbered, maxZones: 2 })[0]).toBe('zones{state="good"} 5');
    const many = Array.from({ length: 1001 }, (_, index) =>
      newZone(Name.parse(`z${index}.example`)),
    );
    expect(serials({ zones: many })).toHaveLength(1000);
  });

  test('that are named twice have one line', () => {
    const [zone] = numbered;
    const zones = zone === undefined ? [] : [zone, zone];
    expect(serials({ zones })).toHaveLength(1);
    expect(lines({ zones })[0]).toBe('zones{state="good"} 1');
  });

  test('without content are empty', () => {
    const none: MeteredZone = { origin: Name.parse('none.example'), snapshot: undefined };
    expect(lines({ zones: [none] })).toEqual([
      'zones{state="good"} 0',
      'zones{state="empty"} 1',
      'zones{state="expired"} 0',
    ]);
  });

  test('stay in their quotes, whatever their names are', () => {
    const odd = newZone(Name.fromLabels([Buffer.from('a"b\\c\n'), Buffer.from('example')]));
    expect(serials({ zones: [odd] })).toEqual([
      String.raw`zone_serial{zone="a\\\"b\\\\c\\010.example"} 1`,
    ]);
    expect(serials({ zones: [newZone(Name.root)], labels: { server: 'x' } })).toEqual([
      'zone_serial{server="x",zone="."} 1',
    ]);
  });
});
