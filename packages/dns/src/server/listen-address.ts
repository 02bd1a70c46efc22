import { usageError } from '../errors.ts';

/** Where to listen. Without a host, on all addresses. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/**
 * The address of `":53"`, `"127.0.0.1:53"` or `"[::1]:53"`, with or without `dns://` before it.
 * @throws UsageError `HAWSER_DNS_OPTIONS`
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:dns:\/\/)?(?:\[([\da-f:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw usageError(
      'HAWSER_DNS_OPTIONS',
      `Cannot listen on "${text}" as it is not like ":53" or "127.0.0.1:53"`,
    );
  }
  return { host: match[1] ?? (match[2] || undefined), port };
}
