import {
  tlsWorld as coreTlsWorld,
  createTestAuthority,
  type SocketWorld,
} from '@hawser/core/testing';

export { pipeWorld, tcpWorld, type World } from '@hawser/core/testing';

const certificate = createTestAuthority().server('localhost');

/** Real sockets with TLS, under the certificate of the tests. */
export function tlsWorld(): SocketWorld {
  return coreTlsWorld(certificate);
}
