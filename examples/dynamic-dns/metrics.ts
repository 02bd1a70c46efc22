import { type DynamicZone, formatMetrics } from '@hawser/dns';
import type { Middleware } from '@hawser/http';
import type { NameServer } from './name-server.ts';

/** Counts answers over HTTP by their status. */
export class StatusCounts {
  readonly #counts = new Map<number, number>();

  readonly middleware: Middleware = async (_request, next) => {
    const response = await next();
    this.#counts.set(response.status, (this.#counts.get(response.status) ?? 0) + 1);
    return response;
  };

  lines(): string[] {
    return [...this.#counts].map(
      ([status, count]) => `hawser_http_responses_total{status="${status}"} ${count}`,
    );
  }
}

/** Everything that is counted, as text that Prometheus reads. */
export function metricsText(
  zone: DynamicZone,
  { service, copies }: NameServer,
  statuses: StatusCounts,
): string {
  const { axfr, ixfr, refused } = copies.counters;
  const own = [
    '# TYPE hawser_dns_zone_serial gauge',
    `hawser_dns_zone_serial{zone="${zone.origin}"} ${zone.serial}`,
    '# TYPE hawser_dns_zone_names gauge',
    `hawser_dns_zone_names{zone="${zone.origin}"} ${zone.snapshot.size}`,
    '# TYPE hawser_dns_transfers_total counter',
    `hawser_dns_transfers_total{kind="axfr"} ${axfr}`,
    `hawser_dns_transfers_total{kind="ixfr"} ${ixfr}`,
    `hawser_dns_transfers_total{kind="refused"} ${refused}`,
    '# TYPE hawser_http_responses_total counter',
    ...statuses.lines(),
  ];
  return `${formatMetrics(service.responder.counters)}${own.join('\n')}\n`;
}
