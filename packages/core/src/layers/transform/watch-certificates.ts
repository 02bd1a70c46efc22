import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { DelayedCall } from '../../contract/clock.ts';
import type { Has } from '../../contract/reactor.ts';
import type { CertificateSource, TlsCertificate } from '../../contract/tls.ts';
import { toError, UsageError } from '../../errors.ts';

/** Paths of PEM files: the certificate with its chain, and the key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Of the key, if it is encrypted. */
  readonly passphrase?: string | undefined;
}

/** Options for {@link watchCertificates}. */
export interface WatchCertificatesOptions {
  /** How often the files are looked at, in milliseconds; 0 never. @defaultValue 1_000 */
  readonly everyMs?: number | undefined;
  /** Load the files on SIGHUP as well, which without a listener ends the process. @defaultValue false */
  readonly onHangup?: boolean | undefined;
}

/** A certificate that follows its files. Disposing it stops the watching; the last certificate stays. */
export interface WatchedCertificate extends CertificateSource, Disposable {
  /** Loads the files now. Settles with whether there is a new certificate; never rejects. */
  reload(): Promise<boolean>;
}

const DEFAULT_EVERY_MS = 1_000;
/** Two files are not replaced at the same moment: what has changed is loaded once it has kept still for so long. */
const SETTLE_MS = 100;

/**
 * Follows a certificate and its key through renewals: written in place, renamed over (certbot), or behind a symbolic
 * link that is switched (Kubernetes). New handshakes get the new certificate and open connections live on. Files that
 * cannot be used, or do not belong together, are reported once and the old certificate stays.
 *
 * @throws UsageError `HAWSER_BAD_CERTIFICATE` when they cannot be used at the start
 * @example
 * using certificate = watchCertificates(reactor, { cert: 'cert.pem', key: 'key.pem' });
 * await serve('tcp://:443', stack(tls({ certificate }))(app)).start(reactor);
 */
export function watchCertificates(
  reactor: Has<'clock' | 'lifecycle' | 'reports' | 'tls'>,
  files: CertificateFiles,
  options: WatchCertificatesOptions = {},
): WatchedCertificate {
  const { everyMs = DEFAULT_EVERY_MS } = options;
  if (!(everyMs >= 0)) {
    throw new RangeError(`Cannot watch certificates as everyMs must be >= 0: ${everyMs}`);
  }
  try {
    const { passphrase } = files;
    const first: TlsCertificate = {
      cert: readFileSync(files.cert),
      key: readFileSync(files.key),
      ...(passphrase !== undefined && { passphrase }),
    };
    reactor.tls.check(first);
    const watched = new CertificateWatch(reactor, files, first);
    watched.start(options);
    return watched;
  } catch (thrown) {
    throw unusable(files, 'Cannot use the certificate', thrown);
  }
}

/** What {@link watchCertificates} gives, with a beginning of its own. */
export class CertificateWatch implements WatchedCertificate {
  readonly #reactor: Has<'clock' | 'lifecycle' | 'reports' | 'tls'>;
  readonly #files: CertificateFiles;
  #current: TlsCertificate;
  /** What the files looked like that were loaded, or refused. */
  #judged = '';
  /** What they look like if they have changed since. */
  #changing: string | undefined;
  #everyMs = 0;
  #timer: DelayedCall | undefined;
  #hangup: Disposable | undefined;
  /** One look at a time. */
  #looking: Promise<boolean> = Promise.resolve(false);

  /** @param first what is in the files now, and usable */
  constructor(
    reactor: Has<'clock' | 'lifecycle' | 'reports' | 'tls'>,
    files: CertificateFiles,
    first: TlsCertificate,
  ) {
    this.#reactor = reactor;
    this.#files = files;
    this.#current = first;
  }

  current(): TlsCertificate {
    return this.#current;
  }

  start({ everyMs = DEFAULT_EVERY_MS, onHangup = false }: WatchCertificatesOptions = {}): void {
    this[Symbol.dispose]();
    this.#everyMs = everyMs;
    this.#lookIn(everyMs);
    if (!onHangup) return;
    this.#hangup = this.#reactor.lifecycle.onSignal('SIGHUP', () => void this.reload());
  }

  reload(): Promise<boolean> {
    return this.#enqueue('now');
  }

  [Symbol.dispose](): void {
    this.#everyMs = 0;
    this.#timer?.cancel();
    this.#hangup?.[Symbol.dispose]();
    this.#hangup = undefined;
  }

  #lookIn(ms: number): void {
    this.#timer?.cancel();
    if (this.#everyMs === 0) return;
    this.#timer = this.#reactor.clock.callLater(ms, () => {
      void this.#enqueue('settled').then(() => {
        this.#lookIn(this.#changing === undefined ? this.#everyMs : SETTLE_MS);
      });
    });
  }

  #enqueue(when: 'now' | 'settled'): Promise<boolean> {
    this.#looking = this.#looking.then(() => this.#look(when));
    return this.#looking;
  }

  /** Whether there is a new certificate. */
  async #look(when: 'now' | 'settled'): Promise<boolean> {
    const seen = await this.#fingerprint();
    if (when === 'settled') {
      const isSettled = seen === this.#changing;
      this.#changing = seen === this.#judged ? undefined : seen;
      if (this.#changing === undefined || !isSettled) return false;
    }
    try {
      const [cert, key] = await Promise.all([
        readFile(this.#files.cert),
        readFile(this.#files.key),
      ]);
      // Changed while they were read: the next look will judge.
      if (when === 'settled' && seen !== (await this.#fingerprint())) return false;
      this.#changing = undefined;
      this.#judged = seen;
      const { cert: oldCert, key: oldKey } = this.#current;
      if (isSame(cert, oldCert) && isSame(key, oldKey)) return false;
      const next = { ...this.#current, cert, key };
      this.#reactor.tls.check(next);
      this.#current = next;
      return true;
    } catch (thrown) {
      this.#changing = undefined;
      this.#judged = seen;
      const error = unusable(
        this.#files,
        'Cannot use the new certificate, the old one stays',
        thrown,
      );
      this.#reactor.reports.problem('tls.certificate', error);
      return false;
    }
  }

  /** Differs whenever the files may. Through symbolic links, and for files that are not there as well. */
  async #fingerprint(): Promise<string> {
    const looks = [this.#files.cert, this.#files.key].map(async (path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
      } catch (thrown) {
        return String(thrown);
      }
    });
    return (await Promise.all(looks)).join('\n');
  }
}

function isSame(now: Buffer, before: TlsCertificate['cert'] | TlsCertificate['key']): boolean {
  return Buffer.isBuffer(before) && now.equals(before);
}

function unusable({ cert, key }: CertificateFiles, what: string, thrown: unknown): UsageError {
  const cause = toError(thrown);
  const message = `${what}: ${JSON.stringify(cert)} with ${JSON.stringify(key)}: ${cause.message}`;
  return new UsageError('HAWSER_BAD_CERTIFICATE', message, { cause });
}
