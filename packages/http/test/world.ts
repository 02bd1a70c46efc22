import { readFileSync } from 'node:fs';
import { tlsWorld as coreTlsWorld, type SocketWorld } from '@hawser/core/testing';

export { pipeWorld, tcpWorld, type World } from '@hawser/core/testing';

/** Real sockets with TLS, under the certificate of the tests. */
export function tlsWorld(): SocketWorld {
  const read = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
  return coreTlsWorld({ cert: read('localhost-cert.pem'), key: read('localhost-key.pem') });
}
