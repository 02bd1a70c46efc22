// Feeding a protocol.

// Cancelling, and waiting for what goes on by itself.
export {
  type CancelAtEveryAwaitOptions,
  type CancelledRun,
  cancelAtEveryAwait,
} from './cancel-at-every-await.ts';
export { type Cuts, chunkings } from './chunkings.ts';
export { type ClientHelloContent, clientHelloBytes } from './client-hello-bytes.ts';
export { CollectedReports } from './collected-reports.ts';
export { type FakeHandshake, FakeTls, type FakeTlsOptions } from './fake-tls.ts';
export { FakeTransport, type FakeTransportOptions } from './fake-transport.ts';
export { type Fed, type FeedOptions, feed } from './feed.ts';
// A simulated network.
export { withoutLeaks } from './leaks.ts';
// A reactor whose world is the test.
export { ManualLifecycle } from './manual-lifecycle.ts';
export { type BothReactors, type DeclareTest, onBothReactors } from './on-both-reactors.ts';
// Two transports and nothing between them.
export {
  type ConnectPipeOptions,
  connectPipe,
  createPipe,
  type PipeEnds,
  type PipeOptions,
} from './pipe.ts';
export { type ReplayOptions, replayConversation } from './replay-conversation.ts';
export { SeededRandom } from './seeded-random.ts';
export { type SettleOptions, settle } from './settle.ts';
// Certificates.
export {
  createTestAuthority,
  EXPIRED,
  type TestAuthority,
  type TestCertificate,
  type TestValidity,
} from './test-certificates.ts';
export { createTestReactor, type TestReactor, type TestReactorOptions } from './test-reactor.ts';
export { VirtualClock } from './virtual-clock.ts';
// The same conversation over a pipe, TCP and TLS.
export { pipeWorld, type SocketWorld, tcpWorld, tlsWorld, type World } from './world.ts';
