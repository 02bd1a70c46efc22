import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsCertificate, TlsOptions } from '../contract/tls.ts';

/** Makes OpenSSL's idea of `options`, with `certificate` in place of theirs. @throws Error of OpenSSL */
export function secureContext(
  options: TlsOptions,
  certificate: TlsCertificate,
  more: SecureContextOptions = {},
): SecureContext {
  const { ca, crl, ciphers, minVersion = 'TLSv1.2', maxVersion } = options;
  const { cert, key, pfx, passphrase } = certificate;
  const all = { ca, crl, ciphers, minVersion, maxVersion, cert, key, pfx, passphrase, ...more };
  // OpenSSL tells `undefined` from missing.
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return createSecureContext({ ...given, secureOptions: constants.SSL_OP_NO_RENEGOTIATION });
}
