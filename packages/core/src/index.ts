// What the world is made of.

// Borrowed libraries.
export { type FromDuplexOptions, fromDuplex } from './adapt/from-duplex.ts';
export { type PlugOptions, plug } from './adapt/plug.ts';
export { SocketStream } from './adapt/socket-stream.ts';
export { toSocket } from './adapt/to-socket.ts';
export { TransportSocket } from './adapt/transport-socket.ts';
// Reading bytes.
export { ByteQueue } from './bytes/byte-queue.ts';
export { encodeLine } from './bytes/encode-line.ts';
export { type Decoder, FrameDecoder } from './bytes/frame-decoder.ts';
export {
  encodeLengthPrefixed,
  type LengthPrefix,
  LengthPrefixDecoder,
  type LengthPrefixDecoderOptions,
} from './bytes/length-prefix.ts';
export { LineDecoder, type LineDecoderOptions } from './bytes/line-decoder.ts';
export {
  encodeNetstring,
  NetstringDecoder,
  type NetstringDecoderOptions,
} from './bytes/netstring.ts';
// Layers.
export { AddressSet } from './connection/address-set.ts';
// Writing a protocol.
export { BaseProtocol } from './connection/base-protocol.ts';
// Writing a transport or a reactor.
export { currentContext, enter, followContexts, type Guard } from './connection/entry.ts';
export { EntryContext } from './connection/entry-context.ts';
export { toFactory } from './connection/factory.ts';
export { formatAddress } from './connection/format-address.ts';
export { type HandOver, handOver } from './connection/hand-over.ts';
export { AttemptError, connectHappily, type HappyOptions } from './connection/happy-eyeballs.ts';
export { REAL_LOCAL, REAL_PEER, TLS } from './connection/info-keys.ts';
// IP addresses.
export { formatIp, parseIp } from './connection/ip-address.ts';
export type { LayerTrait } from './connection/layer-order.ts';
export { type Overlay, overlay } from './connection/overlay.ts';
export type { Pace } from './connection/paced-queue.ts';
export { type LayerParts, layer, stack, stackWarnings } from './connection/stack.ts';
export type { Transformation, TransformControl } from './connection/transform-wire.ts';
export type { Wire, WireEvents } from './connection/wire.ts';
export { WireTransport, type WireTransportOptions } from './connection/wire-transport.ts';
export type {
  Address,
  InetAddress,
  MemoryAddress,
  UnixAddress,
} from './contract/address.ts';
export type { Clock, DelayedCall } from './contract/clock.ts';
export type { CloseReason, TimerName } from './contract/close-reason.ts';
export type { Context } from './contract/context.ts';
export type { ClientEndpoint, ServerEndpoint } from './contract/endpoint.ts';
export type { Factory, FactoryLike, Incoming, Matcher } from './contract/factory.ts';
export type { InfoKey } from './contract/info.ts';
export type { Layer, LayerKind } from './contract/layer.ts';
export type { Lifecycle, ShutdownPhase } from './contract/lifecycle.ts';
export type { DrainReport, Port } from './contract/port.ts';
export type {
  ChildProcess,
  ExitStatus,
  Process,
  ProcessOutputTarget,
  ProcessProtocol,
  SpawnOptions,
} from './contract/process.ts';
export type { Protocol } from './contract/protocol.ts';
export type { Random } from './contract/random.ts';
export type { Has, Reactor } from './contract/reactor.ts';
export type { Reports } from './contract/reports.ts';
export type { LookupOptions, ResolvedAddress, Resolver } from './contract/resolver.ts';
export type { DrainReports, Service } from './contract/service.ts';
export type {
  OperationOptions,
  StreamOptions,
  Tcp,
  TcpConnectOptions,
  TcpListenOptions,
  Unix,
  UnixConnectOptions,
  UnixListenOptions,
} from './contract/tcp.ts';
export type { ThreadOptions, Threads } from './contract/threads.ts';
export type {
  CertificateSource,
  Tls,
  TlsCertificate,
  TlsClientOptions,
  TlsInfo,
  TlsOptions,
  TlsServerOptions,
  TlsSession,
} from './contract/tls.ts';
export type { CloseOptions, Transport } from './contract/transport.ts';
export type { DatagramPort, DatagramProtocol, Udp, UdpBindOptions } from './contract/udp.ts';
export {
  Deferred,
  type DeferredOptions,
  type Peeked,
  type Settled,
} from './deferred/deferred.ts';
export { DeferredLock, type DeferredLockOptions } from './deferred/deferred-lock.ts';
export { DeferredQueue, type DeferredQueueOptions } from './deferred/deferred-queue.ts';
export {
  DeferredSemaphore,
  type DeferredSemaphoreOptions,
} from './deferred/deferred-semaphore.ts';
// Results that can be cancelled.
export { delay } from './deferred/delay.ts';
export { fail } from './deferred/fail.ts';
export { firstOf } from './deferred/first-of.ts';
export { fromPromise } from './deferred/from-promise.ts';
export { fromSignal } from './deferred/from-signal.ts';
export { gather } from './deferred/gather.ts';
export { inlineCallbacks } from './deferred/inline-callbacks.ts';
export { type LoopingCall, type LoopingOptions, looping } from './deferred/looping.ts';
export { signalOf } from './deferred/signal-of.ts';
export { succeed } from './deferred/succeed.ts';
export { withSignal } from './deferred/with-signal.ts';
// Where to listen and to connect.
export { badEndpoint } from './endpoints/bad-endpoint.ts';
export { connectOver, type OverParts } from './endpoints/connect-over.ts';
export {
  DescriptorEndpoint,
  type DescriptorPlace,
  type DescriptorSource,
  UdpDescriptorEndpoint,
  type UdpDescriptorPlace,
} from './endpoints/descriptor-endpoint.ts';
export type {
  Carrier,
  EndpointScheme,
  EndpointSchemes,
  Login,
  Prefix,
  PrefixText,
  TunnelTarget,
  TunnelText,
} from './endpoints/endpoint-scheme.ts';
export { type EndpointText, formatOptions, readOptions } from './endpoints/endpoint-text.ts';
export {
  HttpConnectClientEndpoint,
  type HttpConnectPlace,
} from './endpoints/http-connect-endpoint.ts';
export { isInherited } from './endpoints/inherited-descriptors.ts';
export { type LayerPrefixParts, layerPrefix } from './endpoints/layer-prefix.ts';
export type { OptionKind, OptionKinds } from './endpoints/option-kind.ts';
export {
  asClientEndpoint,
  asServerEndpoint,
  clientSchemes,
  parseClientEndpoint,
  parseServerEndpoint,
  serverSchemes,
} from './endpoints/parse-endpoint.ts';
export { ProcessClientEndpoint, type ProcessPlace } from './endpoints/process-endpoint.ts';
export {
  SecuredClientEndpoint,
  type SecuredClientPlace,
  SecuredServerEndpoint,
  type SecuredServerPlace,
} from './endpoints/secured-endpoint.ts';
export { Socks5ClientEndpoint, type Socks5Place } from './endpoints/socks5-endpoint.ts';
export { type StdioPlace, StdioServerEndpoint } from './endpoints/stdio-endpoint.ts';
export { TcpClientEndpoint, type TcpScheme, TcpServerEndpoint } from './endpoints/tcp-endpoint.ts';
export { TlsClientEndpoint, TlsServerEndpoint } from './endpoints/tls-endpoint.ts';
export type { CertificateReload } from './endpoints/tls-server-layer.ts';
export { type AddedPrefix, addPrefix } from './endpoints/tunnel-text.ts';
export { parseUdpEndpoint, UdpEndpoint } from './endpoints/udp-endpoint.ts';
export { UnixClientEndpoint, UnixServerEndpoint } from './endpoints/unix-endpoint.ts';
export { withLayers } from './endpoints/with-layers.ts';
// Errors.
export {
  CancelledError,
  ConnectError,
  ConnectionError,
  type CoreErrorCode,
  describeReason,
  HawserError,
  ListenError,
  ProtocolError,
  SpawnError,
  TimeoutError,
  toError,
  UsageError,
} from './errors.ts';
export {
  type AcceptRateOptions,
  type AddressRate,
  acceptRate,
  type Rate,
} from './layers/admission/accept-rate.ts';
export { type Addresses, allowList, denyList } from './layers/admission/allow-list.ts';
export { type MaxConnectionsOptions, maxConnections } from './layers/admission/max-connections.ts';
export { perAddress } from './layers/admission/per-address.ts';
export { type AccessRecord, accessLog } from './layers/observer/access-log.ts';
export {
  type ConnectionCounters,
  type ConnectionCounts,
  connectionCounters,
} from './layers/observer/connection-counters.ts';
export { idleTimeout } from './layers/observer/idle-timeout.ts';
export { type LifetimeOptions, lifetime } from './layers/observer/lifetime.ts';
export type { PeerNetworkOptions } from './layers/peer-network.ts';
export {
  CLIENT_HELLO,
  type ClientHelloOptions,
  clientHello,
} from './layers/preamble/client-hello.ts';
export {
  type ClientHello,
  MAX_CLIENT_HELLO_BYTES,
  readClientHello,
} from './layers/preamble/client-hello-message.ts';
export { routeByServerName, type ServerNameRoutes } from './layers/preamble/client-hello-router.ts';
export {
  handshakeDeadline,
  handshakeDone,
  handshakeEnd,
} from './layers/preamble/handshake-deadline.ts';
export { matchTls } from './layers/preamble/matchers.ts';
export {
  PROXY_HEADER,
  type ProxyFacts,
  type ProxyHeader,
  type ProxyTls,
  type ProxyTlv,
} from './layers/preamble/proxy-protocol/header.ts';
export {
  type ProxyProtocolOptions,
  proxyProtocol,
} from './layers/preamble/proxy-protocol/layer.ts';
export { matchProxyProtocol, parseProxyHeader } from './layers/preamble/proxy-protocol/read.ts';
export { type ProxyHeaderSource, sendProxyHeader } from './layers/preamble/proxy-protocol/send.ts';
export {
  encodeProxyHeader,
  type ProxyHeaderParts,
} from './layers/preamble/proxy-protocol/write.ts';
export {
  type SniffChoice,
  type SniffChoices,
  type SniffOptions,
  sniff,
} from './layers/preamble/sniff.ts';
export { type AlpnRoutes, alpn } from './layers/transform/alpn.ts';
export {
  type Conversation,
  formatConversation,
  parseConversation,
  type Said,
} from './layers/transform/conversation.ts';
export { SecuringProtocol } from './layers/transform/securing-protocol.ts';
export { type ClientUpgrade, type ServerUpgrade, startTls } from './layers/transform/start-tls.ts';
export {
  ConversationRecorder,
  type TapOptions,
  type TapSink,
  tap,
} from './layers/transform/tap.ts';
export { sharedThrottle, type ThrottleOptions, throttle } from './layers/transform/throttle.ts';
export { tls } from './layers/transform/tls.ts';
export { transform } from './layers/transform/transform.ts';
export {
  type CertificateFiles,
  type WatchCertificatesOptions,
  type WatchedCertificate,
  watchCertificates,
} from './layers/transform/watch-certificates.ts';
// The reactor.
export { type ExportedDescriptors, exportedDescriptors } from './node/exported-descriptors.ts';
export { createNodeReactor, type NodeReactorOptions } from './node/node-reactor.ts';
export type { NodeThreadsOptions } from './node/node-threads.ts';
// Services and the process around them.
export type { BackoffOptions } from './services/backoff.ts';
export {
  ClientService,
  type ClientServiceOptions,
  type ClientState,
  type WhenConnectedOptions,
} from './services/client-service.ts';
export { group, parallel, type RemoveOptions, type ServiceGroup } from './services/group.ts';
export type { ListenerKind, ListenerService } from './services/listener-service.ts';
export type { MakeServices, Services } from './services/made-services.ts';
export { type PortServiceOptions, portService, serve } from './services/port-service.ts';
export { resourceService } from './services/resource-service.ts';
export { run } from './services/run.ts';
export { type ApplicationOptions, exitCodeOf, runApplication } from './services/run-application.ts';
export type { ShutdownReport } from './services/shut-down.ts';
export type { StopSignal } from './services/stop-requests.ts';
export { type TimerServiceOptions, timerService } from './services/timer-service.ts';
export { udpService } from './services/udp-service.ts';
// A simulated network on virtual time.
export type { HostClock } from './sim/host-clock.ts';
export type { HostLike, Side } from './sim/host-table.ts';
export type { Leak } from './sim/leaks.ts';
export type { Cut, LinkOptions } from './sim/link-options.ts';
export type { SettleOptions } from './sim/loop-driver.ts';
export type { SocketStatus } from './sim/netstat.ts';
export type { TcpTuning } from './sim/network.ts';
export type { PacketKind, PacketRule, PacketView, Verdict } from './sim/packet.ts';
export { replay, type Scenario, type Simulated, simulate } from './sim/replay.ts';
export type { SettledDriver } from './sim/settled-driver.ts';
export type { HostOptions, SimHost } from './sim/sim-host.ts';
export { createSimReactor, Simulation, type SimulationOptions } from './sim/simulation.ts';
export { SimulationError } from './sim/simulation-error.ts';
export type { RunLimits, SyncDriver } from './sim/sync-driver.ts';
// Streams, for people who prefer await.
export { connect } from './stream/connect.ts';
export type { Connection, ReadLineOptions, ReadUntilOptions } from './stream/connection.ts';
export { FramedProtocol } from './stream/framed-protocol.ts';
export { IncompleteRead } from './stream/incomplete-read.ts';
export { type StreamHandler, type StreamingOptions, streaming } from './stream/streaming.ts';
