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
  { service, copies, notices, changes }: NameServer,
  statuses: StatusCounts,
): string {
  const dns = formatMetrics(service.responder.counters, {
    zones: [zone],
    transfers: copies,
    notifier: notices,
    updates: changes,
  });
  const own = ['# TYPE hawser_http_responses_total counter', ...statuses.lines()];
  return `${dns}${own.join('\n')}\n`;
}
