// The envelope of a message: RFC 5321 §2.3.1.

import type { SMTPServerAddress, SMTPServerEnvelope } from 'smtp-server';

/** A reverse-path or forward-path. */
export interface MailPath {
  /** As in `user@example.net`; `""` is the null reverse-path of a bounce. Domains are in Unicode form. */
  readonly address: string;
  readonly localPart: string;
  /** Lower case; `""` for the null reverse-path, and for `<Postmaster>` without a domain. */
  readonly domain: string;
  /** ESMTP parameters by upper-case name; `true` for one without a value. */
  readonly parameters: ReadonlyMap<string, string | true>;
}

/** Who sent a message and who gets it. Not what its header says. */
export interface Envelope {
  readonly from: MailPath;
  /** Only recipients that were accepted; at least one. */
  readonly to: readonly MailPath[];
  readonly body: '7bit' | '8bitmime';
  readonly smtpUtf8: boolean;
}

export function toMailPath({ address, args }: SMTPServerAddress): MailPath {
  const at = address.lastIndexOf('@');
  return {
    address,
    localPart: at < 0 ? address : address.slice(0, at),
    domain: at < 0 ? '' : address.slice(at + 1).toLowerCase(),
    parameters: new Map(args ? Object.entries(args) : []),
  };
}

export function toEnvelope(envelope: SMTPServerEnvelope): Envelope {
  const { mailFrom, rcptTo, bodyType, smtpUtf8 = false } = envelope;
  return {
    from: toMailPath(mailFrom || { address: '', args: false }),
    to: rcptTo.map(toMailPath),
    body: bodyType === '8bitmime' ? '8bitmime' : '7bit',
    smtpUtf8,
  };
}
