import { layer } from '../connection/stack.ts';
import type { Layer } from '../contract/layer.ts';
import type { Reactor } from '../contract/reactor.ts';
import type { TlsServerOptions } from '../contract/tls.ts';
import { matchTls } from '../layers/preamble/matchers.ts';
import { SecuringProtocol } from '../layers/transform/securing-protocol.ts';
import { tls } from '../layers/transform/tls.ts';
import { CertificateWatch } from '../layers/transform/watch-certificates.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/** How a server that is configured by text hears of a new certificate. */
export type CertificateReload = 'poll' | 'SIGHUP' | 'never';

/** What {@link tlsServerLayer} makes a layer of. */
export interface TlsServerText
  extends TlsFiles,
    Pick<
      TlsServerOptions,
      'alpn' | 'ciphers' | 'clientCertificates' | 'handshakeTimeoutMs' | 'minVersion' | 'maxVersion'
    > {
  /** Path of the PEM file with the certificate and its chain. */
  readonly cert: string;
  /** Path of the PEM file with the private key. */
  readonly key: string;
  /** Look at the certificate every second, load it on SIGHUP, or read it only once. @defaultValue 'poll' */
  readonly reload?: CertificateReload | undefined;
}

/**
 * The layer `tls` with a certificate from files, which is watched as long as a port uses it. The authorities in `ca`
 * are read once.
 * @throws UsageError `HAWSER_BAD_ENDPOINT` that names the option and the file
 */
export function tlsServerLayer(
  { reload = 'poll', cert, key, ca, ...rest }: TlsServerText,
  { reactor, where }: { readonly reactor: Reactor; readonly where: string },
): Layer {
  const options: TlsServerOptions = rest;
  const first = readTlsFiles(where, { cert, key, ca }, { options, tls: reactor.tls });
  if (reload === 'never') return tls(first);
  const watch = new CertificateWatch(reactor, { cert, key }, { cert: first.cert, key: first.key });
  const secured: TlsServerOptions = {
    ...options,
    ...(first.ca !== undefined && { ca: first.ca }),
    certificate: watch,
  };
  const how = reload === 'poll' ? {} : { everyMs: 0, onHangup: true };
  let ports = 0;
  return layer({
    kind: 'transform',
    label: 'tls',
    match: matchTls,
    build: (inner) =>
      new SecuringProtocol((under) => under.reactor.tls.startServer(under, secured, inner)),
    started() {
      ports += 1;
      if (ports === 1) watch.start(how);
    },
    stopped() {
      ports -= 1;
      if (ports === 0) watch[Symbol.dispose]();
    },
  });
}
