// What is known of a client by its TLS certificate (RFC 9103 §9.3.3).
import { createHash, X509Certificate } from 'node:crypto';
import type { TlsInfo } from '@hawser/core';
import type { ClientCertificate } from '../contract/query.ts';

/** The certificate a client has shown in the handshake of which `info` tells; undefined if it has shown none. */
export function shownCertificate(info: TlsInfo): ClientCertificate | undefined {
  const raw = info.peerCertificate()?.raw;
  return raw === undefined ? undefined : new ShownCertificate(raw, info.authorized);
}

/** Read when somebody asks: most rules do not. */
class ShownCertificate implements ClientCertificate {
  readonly verified: boolean;
  readonly #raw: Buffer;
  #certificate: X509Certificate | undefined;
  #keyPin: string | undefined;

  constructor(raw: Buffer, verified: boolean) {
    this.verified = verified;
    this.#raw = raw;
  }

  get subject(): string {
    return this.#read().subject ?? '';
  }

  get keyPin(): string {
    this.#keyPin ??= createHash('sha256')
      .update(this.#read().publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64');
    return this.#keyPin;
  }

  isGoodFor(name: string): boolean {
    // A client is somebody, and no pattern.
    return this.verified && this.#read().checkHost(name, { wildcards: false }) !== undefined;
  }

  #read(): X509Certificate {
    this.#certificate ??= new X509Certificate(this.#raw);
    return this.#certificate;
  }
}
