import { createHash, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { checkAlpnNames } from '../connection/alpn-names.ts';
import { enter, type Guard } from '../connection/entry.ts';
import { ServerNames, toServerName } from '../connection/server-names.ts';
import type { Clock } from '../contract/clock.ts';
import type { CertificateSource, TlsCertificate, TlsServerOptions } from '../contract/tls.ts';
import { secureContext } from './tls-secure-context.ts';

const DEFAULT_MAX_LOOKUPS = 256;
const TICKET_KEY_BYTES = 48;

/** Longest a handshake may take if the options do not say. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** What a lookup of a certificate needs. */
interface Lookup {
  /** Whose code runs. */
  readonly guard: Guard;
  readonly clock: Clock;
}

/** Every connection of a port shares the options object, and so what was made of it. */
const made = new WeakMap<TlsServerOptions, TlsServerContexts>();

/** The contexts of `options`. @throws TypeError or an Error of OpenSSL if they cannot be used */
export function serverContextsOf(options: TlsServerOptions): TlsServerContexts {
  const found = made.get(options);
  if (found) return found;
  const contexts = new TlsServerContexts(options);
  made.set(options, contexts);
  return contexts;
}

/** Which certificate a client gets. Each is parsed once, as that takes a millisecond. */
export class TlsServerContexts {
  readonly #options: TlsServerOptions;
  readonly #names: ServerNames<TlsCertificate | CertificateSource>;
  readonly #contexts = new WeakMap<TlsCertificate, SecureContext>();
  readonly #ticketKeys: Buffer;
  readonly #sessionIdContext: string;
  #lookups = 0;

  constructor(options: TlsServerOptions) {
    const { certificates = {}, ticketKeys = randomBytes(TICKET_KEY_BYTES) } = options;
    if (ticketKeys.length !== TICKET_KEY_BYTES) {
      const rule = `ticketKeys must have ${TICKET_KEY_BYTES} bytes`;
      throw new TypeError(`Cannot use TLS as ${rule}: ${ticketKeys.length}`);
    }
    const { handshakeTimeoutMs = 1, maxCertificateLookups = 1 } = options;
    if (!(handshakeTimeoutMs > 0)) {
      const rule = 'handshakeTimeoutMs must be > 0';
      throw new RangeError(`Cannot use TLS as ${rule}: ${handshakeTimeoutMs}`);
    }
    if (!(maxCertificateLookups >= 1)) {
      const rule = 'maxCertificateLookups must be >= 1';
      throw new RangeError(`Cannot use TLS as ${rule}: ${maxCertificateLookups}`);
    }
    if (options.clientCertificates && !options.ca) {
      throw new TypeError('Cannot verify clients as there is no ca');
    }
    checkAlpnNames(options.alpn ?? []);
    this.#options = options;
    this.#ticketKeys = ticketKeys;
    this.#sessionIdContext = sessionIdContext(options);
    this.#names = new ServerNames(certificates);
    for (const each of [options.certificate ?? options, ...Object.values(certificates)]) {
      this.#contextOf(each);
    }
  }

  /** The context a handshake begins with. */
  get initial(): SecureContext {
    return this.#contextOf(this.#options.certificate ?? this.#options);
  }

  /** Whether the name matters. */
  get byName(): boolean {
    return this.#options.certificates !== undefined || this.#options.certificateFor !== undefined;
  }

  /** The context for a client that asks for the name `asked`, or `undefined` for the initial one; rejects without. */
  async find(asked: string, lookup: Lookup): Promise<SecureContext | undefined> {
    const found = this.#names.find(asked) ?? (await this.#lookUp(toServerName(asked), lookup));
    if (found) return this.#contextOf(found);
    const { cert, pfx, certificate } = this.#options;
    if (cert ?? pfx ?? certificate) return undefined;
    throw new Error(`Cannot find a certificate for the name: ${JSON.stringify(asked)}`);
  }

  async #lookUp(
    name: string | undefined,
    { guard, clock }: Lookup,
  ): Promise<TlsCertificate | undefined> {
    const { certificateFor, maxCertificateLookups = DEFAULT_MAX_LOOKUPS } = this.#options;
    if (!certificateFor || name === undefined) return undefined;
    if (this.#lookups >= maxCertificateLookups) {
      const rule = `no more than ${maxCertificateLookups} clients may wait for one`;
      throw new Error(`Cannot look up a certificate as ${rule}`);
    }
    this.#lookups += 1;
    let waiting = true;
    const over = (): void => {
      if (waiting) this.#lookups -= 1;
      waiting = false;
    };
    // By then no client waits. One that leaves before keeps its place, or leaving would be a way around the limit.
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = this.#options;
    const deadline = clock.callLater(handshakeTimeoutMs, over);
    try {
      return await enter(guard, 'certificateFor', () => certificateFor(name), name);
    } finally {
      deadline.cancel();
      over();
    }
  }

  #contextOf(from: TlsCertificate | CertificateSource): SecureContext {
    const certificate = 'current' in from ? from.current() : from;
    const known = this.#contexts.get(certificate);
    if (known) return known;
    const context = secureContext(this.#options, certificate, {
      honorCipherOrder: true,
      ticketKeys: this.#ticketKeys,
      sessionIdContext: this.#sessionIdContext,
    });
    this.#contexts.set(certificate, context);
    return context;
  }
}

/**
 * A session that is taken up again skips the client's certificate, so a ticket must be worth nothing to a server with
 * the same ticket keys that asks for other certificates. OpenSSL compares these 32 characters.
 */
function sessionIdContext({ clientCertificates, ca, crl }: TlsServerOptions): string {
  const hash = createHash('sha256').update(clientCertificates ?? 'none');
  for (const list of clientCertificates ? [ca, crl] : []) {
    for (const each of [list].flat()) hash.update('\0').update(each ?? '');
    hash.update('\x01');
  }
  return hash.digest('hex').slice(0, 32);
}
