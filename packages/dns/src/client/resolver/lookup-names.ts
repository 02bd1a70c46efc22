// What a host name may stand for, before anybody is asked.
import { domainToASCII } from 'node:url';
import { parseIp, type ResolvedAddress } from '@hawser/core';
import { Name } from '../../name.ts';
import type { ResolvConf } from './resolv-conf.ts';

/** An IP address is its own answer. */
export function literalAddress(host: string): ResolvedAddress[] | undefined {
  const octets = parseIp(host);
  return octets && [{ host, family: octets.length === 4 ? 4 : 6 }];
}

/** `localhost` and names below it are this machine (RFC 6761 §6.3). */
export function loopbackAddresses(host: string): ResolvedAddress[] | undefined {
  if (!/^(?:.+\.)?localhost\.?$/i.test(host)) return undefined;
  return [
    { host: '127.0.0.1', family: 4 },
    { host: '::1', family: 6 },
  ];
}

/** The names that `host` may stand for, in the order to try. */
export function candidateNames(host: string, { search, ndots }: ResolvConf): Name[] {
  const whole = nameWithin(host, '');
  const dots = host.replace(/\.$/, '').split('.').length - 1;
  // Names that must not be asked for: they are nowhere, or of another network (RFC 6761 §6.4, RFC 7686 §2).
  if (whole === undefined || /(?:^|\.)(?:invalid|onion)\.?$/i.test(host)) return [];
  if (host.endsWith('.')) return [whole];
  const longer = search.flatMap((suffix) => nameWithin(host, suffix) ?? []);
  return dots >= ndots ? [whole, ...longer] : [...longer, whole];
}

/** Undefined if that is too long, or no name. */
function nameWithin(host: string, suffix: string): Name | undefined {
  try {
    if (host === '' || host === '.') return undefined;
    const ascii = /^[ -~]*$/.test(host) ? host : domainToASCII(host);
    return Name.parse(ascii || host).concat(Name.parse(suffix));
  } catch {
    return undefined;
  }
}
