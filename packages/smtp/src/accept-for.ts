import { domainToASCII } from 'node:url';
import type { MailPath } from './envelope.ts';
import type { SmtpHooks } from './hooks.ts';
import { SmtpError } from './smtp-error.ts';

/**
 * A `rcptTo` hook that accepts mail for domains (`"example.net"`: every local part) and for single addresses
 * (`"ann@example.org"`). An unknown address at a known domain gets 550 5.1.1, any other domain 550 5.7.1 as we do not
 * relay. `<Postmaster>`, without a domain or at a known one, is always accepted (RFC 5321 §4.5.1). Letter case does not matter.
 *
 * @throws TypeError if a domain or an address is not one
 */
export function acceptFor(...recipients: readonly string[]): NonNullable<SmtpHooks['rcptTo']> {
  const domains = new Map<string, 'every' | Set<string>>();
  for (const recipient of recipients) add(domains, recipient);
  return (to) => decide(domains, to);
}

function add(domains: Map<string, 'every' | Set<string>>, recipient: string): void {
  const at = recipient.lastIndexOf('@');
  const domain = domainToASCII(recipient.slice(at + 1));
  if (domain === '' || at === 0) {
    throw new TypeError(`Cannot accept mail as this is no domain or address: "${recipient}"`);
  }
  const known = domains.get(domain);
  if (at < 0) domains.set(domain, 'every');
  else if (known === undefined)
    domains.set(domain, new Set([recipient.slice(0, at).toLowerCase()]));
  else if (known !== 'every') known.add(recipient.slice(0, at).toLowerCase());
}

function decide(
  domains: ReadonlyMap<string, 'every' | ReadonlySet<string>>,
  { localPart, domain }: MailPath,
): SmtpError | undefined {
  const isPostmaster = localPart.toLowerCase() === 'postmaster';
  if (domain === '' && isPostmaster) return undefined;
  const known = domains.get(domainToASCII(domain));
  if (known === undefined) return new SmtpError(550, 'Relaying denied', { enhanced: '5.7.1' });
  if (isPostmaster || known === 'every' || known.has(localPart.toLowerCase())) return undefined;
  return new SmtpError(550, 'No such mailbox', { enhanced: '5.1.1' });
}
