// Serving names.

// Asking others.
export type { ClientCounters } from './client/client-counters.ts';
export {
  DnsClientError,
  type DnsClientErrorCode,
  type DnsClientErrorOptions,
} from './client/client-error.ts';
export { DnsClient, dnsClient } from './client/dns-client.ts';
export type {
  DnsClientOptions,
  ExchangeOptions,
  QueryOptions,
} from './client/dns-client-options.ts';
export type { DnsRequest } from './client/dns-request.ts';
export type {
  DnsClientTransport,
  DnsServer,
  DnsServerLike,
  DnsServerOptions,
} from './client/dns-server.ts';
export type { HttpsExchange } from './client/https-exchange.ts';
export {
  nameExists,
  nameMissing,
  type Prerequisite,
  rrsetExists,
  rrsetMissing,
} from './client/prerequisite.ts';
export { DnsResolver, dnsResolver } from './client/resolver/dns-resolver.ts';
export type { DnsResolverOptions } from './client/resolver/dns-resolver-options.ts';
export { HostsFile } from './client/resolver/hosts-file.ts';
export { parseResolvConf, type ResolvConf } from './client/resolver/resolv-conf.ts';
export { reverseName } from './client/resolver/reverse-name.ts';
export { toRRsets } from './client/to-rrsets.ts';
export type { TransferStyle } from './client/transfer-reader.ts';
export { Update, type UpdateOptions, update } from './client/update.ts';
export { type TransferOptions, ZoneTransfer } from './client/zone-transfer.ts';
// Handlers.
export {
  type Answer,
  type AnswerEntry,
  type AnswerOption,
  type AnswerStream,
  answerWith,
  codeAnswer,
  type Denial,
  type ExtendedError,
  type Outcome,
  type Silence,
  silence,
} from './contract/answer.ts';
export {
  type Authority,
  compose,
  type DnsHandler,
  type DnsHandlerFunction,
  type DnsHandlerObject,
  type Eventually,
  type Next,
} from './contract/handler.ts';
export type {
  CommitHook,
  Decided,
  Deciding,
  Decision,
  InTurns,
  LeaseEdit,
  LiveZone,
  TransferableZone,
} from './contract/live-zone.ts';
export type { ClientCertificate, DnsQuery, QueryTransport } from './contract/query.ts';
export type { AttendantContext, ZoneAttendant } from './contract/zone-attendant.ts';
// Signatures of zones (DNSSEC).
export type { KeyAlgorithm, SignatureAlgorithm } from './dnssec/algorithm.ts';
export type { DenialTypes } from './dnssec/compact-denial.ts';
export { type DigestType, dsOf } from './dnssec/delegation-signer.ts';
export type { KeyState } from './dnssec/kept-key.ts';
export { formatKeyFiles, type KeyFiles, parseKeyFiles } from './dnssec/key-file.ts';
export { keyTagOf } from './dnssec/key-tag.ts';
export type { KeyReplacement } from './dnssec/new-keys.ts';
export {
  type OnlineKey,
  OnlineSigner,
  type OnlineSignerOptions,
  onlineSigner,
} from './dnssec/online-signer.ts';
export { type ParentDs, parentDsFrom } from './dnssec/parent-ds.ts';
export { type SignOptions, signRRset, type Validity } from './dnssec/sign-rrset.ts';
export type { SignatureTimes } from './dnssec/signature-terms.ts';
export { type SignerOptions, signer } from './dnssec/signer.ts';
export { generateKey, importKey, type KeyRole, SigningKey } from './dnssec/signing-key.ts';
export { type ValidateZoneOptions, validateZone } from './dnssec/validate-zone.ts';
export { type VerifyOptions, verifyRRset } from './dnssec/verify.ts';
export { type KeyStatus, ZoneSigning, zoneSigning } from './dnssec/zone-signing.ts';
export type { ZoneSigningOptions } from './dnssec/zone-signing-options.ts';
export { InFlight } from './drain.ts';
// Errors.
export { type DnsErrorCode, StoreError, type StoreErrorCode } from './errors.ts';
export { cache, type DnsCache } from './handlers/cache.ts';
export type {
  CacheCounters,
  CacheOptions,
  ServeStaleOptions,
} from './handlers/cache-options.ts';
export { type DynamicOptions, dynamic } from './handlers/dynamic.ts';
export { type FixedZoneOptions, fixedZone } from './handlers/fixed-zone.ts';
export { type ForwardOptions, forward } from './handlers/forward.ts';
export { type Pass, pass, type Resolution } from './handlers/function-asker.ts';
export { type Hosts, type HostsMap, type HostsOptions, hosts } from './handlers/hosts.ts';
export { type LogOptions, log, type QueryLogEntry } from './handlers/log.ts';
export type { Lookup } from './handlers/lookup.ts';
export { nest } from './handlers/nest.ts';
export { refuse, respond } from './handlers/respond.ts';
export { type SplitRule, split } from './handlers/split.ts';
export type { StaleOptions } from './handlers/stale-answers.ts';
export { when } from './handlers/when.ts';
export { matchDns } from './match.ts';
// Messages.
export {
  buildMessage,
  buildQuery,
  type MessageContent,
  type QueryContent,
} from './message/build-message.ts';
export type {
  DnsPacket,
  DnsPacketLike,
  DnsPacketOption,
  DnsPacketQuestion,
  DnsPacketRecord,
} from './message/dns-packet/dns-packet.ts';
export { fromDnsPacket } from './message/dns-packet/from-dns-packet.ts';
export { toDnsPacket } from './message/dns-packet/to-dns-packet.ts';
export {
  type Edns,
  EdnsOption,
  type EdnsOptionData,
  type EdnsOptionView,
  type EdnsStart,
  optionIn,
} from './message/edns.ts';
export {
  type ClientSubnet,
  type Cookie,
  type EdnsCodec,
  type Expire,
  type ExtendedErrorOption,
  ednsCodecs,
  type Keepalive,
  type UpdateLease,
} from './message/edns-option.ts';
export { Flag, type Header, readHeader } from './message/header.ts';
export {
  type DnsMessage,
  type DnsQuestion,
  type MalformedMessage,
  type MessageEdns,
  parseMessage,
} from './message/parse-message.ts';
export {
  type Message,
  nameAt,
  type Question,
  type Reading,
  type RecordView,
  readMessage,
  recordsOf,
  type Section,
} from './message/reader.ts';
export { type DnsRecord, readRecord } from './message/record.ts';
export { type MessageStart, MessageWriter, type RRsetStyle } from './message/writer.ts';
// Names and numbers.
export { MAX_LABEL_BYTES, MAX_NAME_BYTES, Name } from './name.ts';
export {
  Class,
  ExtendedErrorCode,
  formatClass,
  formatType,
  Opcode,
  parseClass,
  parseType,
  Rcode,
  Type,
} from './numbers.ts';
// Record data.
export { canonicalRdata } from './rdata/canonical-rdata.ts';
export { decodeRdata } from './rdata/decode-rdata.ts';
export { encodeRdata } from './rdata/encode-rdata.ts';
export type { FieldValue } from './rdata/field.ts';
export type { ParameterValue } from './rdata/parameter-forms.ts';
export { checkRdata, type Rdata } from './rdata/rdata.ts';
export { type RdataTextOptions, rdataFromText, rdataToText } from './rdata/rdata-text.ts';
export type { ServiceParameters } from './rdata/service-parameters.ts';
export type {
  CaaValue,
  CertificateValue,
  DelegationValue,
  HostRecords,
  KeyValue,
  MxValue,
  NaptrValue,
  NsecValue,
  OneOrMany,
  RecordFields,
  RecordValue,
  ServiceValue,
  SignatureValue,
  SoaValue,
  SrvValue,
  SshfpValue,
  UriValue,
} from './rdata/value.ts';
export type { CookieOptions } from './server/cookies.ts';
export { type CountersSnapshot, ResponderCounters } from './server/counters.ts';
// Serving without the service: your own transports.
export { type DnsDatagramOptions, DnsDatagramProtocol } from './server/datagram.ts';
export { formatMetrics, type MetricsOptions } from './server/format-metrics.ts';
export type { ServerIdentity } from './server/identity.ts';
export { localAddresses } from './server/local-addresses.ts';
export type { QueryContext } from './server/query.ts';
export type { RateLimitOptions } from './server/rate-limit.ts';
export type { ReadyReply, Reply, ReplyStream } from './server/reply.ts';
export { Responder } from './server/responder.ts';
export type { AnsweredQuery, ResponderOptions } from './server/responder-options.ts';
export { DnsStreamProtocol, dnsStream } from './server/stream.ts';
export type { DnsStreamOptions } from './server/stream-options.ts';
export type { Served } from './server/to-handlers.ts';
export type { MeteredZone, ZoneMetricsSources } from './server/zone-metrics.ts';
export {
  type DnsService,
  type DnsServiceOptions,
  type DnsTlsOptions,
  dnsService,
} from './server.ts';
// Zones that change and are kept.
export {
  type Bucket,
  type BucketEntry,
  type BucketListing,
  type BucketReplacement,
  MAX_BUCKET_KEY_BYTES,
  MAX_BUCKET_VALUE_BYTES,
} from './store/bucket.ts';
export { DynamicZone } from './store/dynamic-zone.ts';
export type { LookupContext, LookupSource } from './store/lookup-source.ts';
export { type LookupZoneOptions, lookupZone } from './store/lookup-zone.ts';
export { memory } from './store/memory-store.ts';
export { type DynamicZoneOptions, dynamicZone } from './store/open-dynamic-zone.ts';
export {
  type OpenSqliteOptions,
  openSqlite,
  type SqliteDatabase,
  type SqliteRow,
  type SqliteStatement,
  type SqliteValue,
} from './store/open-sqlite.ts';
export type { RecordEdit } from './store/record-edits.ts';
export type { ListOptions } from './store/record-views.ts';
export type { SerialPolicy } from './store/serial-policy.ts';
export { type SqliteOptions, sqlite } from './store/sqlite-store.ts';
export type { LeaseListing, RecordListing, ZoneChange } from './store/zone-change.ts';
export type { ZoneLimits } from './store/zone-limits.ts';
export type {
  CommitOptions,
  JournalLimits,
  Lease,
  StoredContent,
  StoredLeaseChange,
  StoredZone,
  StoreListener,
  ZoneStore,
} from './store/zone-store.ts';
// Copies of zones elsewhere.
export type { ClientRule, ClientRuleLike } from './transfer/client-rule.ts';
export { CopyLimits, type CopyLimitsOptions } from './transfer/copy-limits.ts';
export { type Notifier, type NotifierOptions, notifier } from './transfer/notifier.ts';
export type { NotifyCounters } from './transfer/notify-courier.ts';
export { type PropagatedOptions, propagated } from './transfer/propagated.ts';
export type { Primary, SecondaryOptions, TimerBounds } from './transfer/secondary-options.ts';
export {
  type SecondaryCounters,
  SecondaryZone,
  secondaryZone,
} from './transfer/secondary-zone.ts';
export {
  type TransferCounters,
  type Transfers,
  type TransfersOptions,
  transfers,
} from './transfer/transfers.ts';
export type { NotifyTarget } from './transfer/zone-announcer.ts';
export type { CopyState } from './transfer/zone-copy.ts';
// Signed messages (TSIG).
export type { TsigAlgorithm, TsigAlgorithmName } from './tsig/algorithm.ts';
export { TsigKey, type TsigKeyOptions, tsigKey } from './tsig/key.ts';
export { parseTsigKey, parseTsigKeyFile } from './tsig/key-text.ts';
export { Keyring } from './tsig/keyring.ts';
export { type Replay, ReplayMemory, type ReplayMemoryOptions } from './tsig/replay-memory.ts';
export {
  type SignedRequest,
  type SignTsigOptions,
  signTsigRequest,
  signTsigResponse,
  tsigBytes,
} from './tsig/sign.ts';
export { type SignedMessage, TsigError, type TsigRecord } from './tsig/tsig-record.ts';
export { type StreamOutcome, TsigStreamSigner, TsigStreamVerifier } from './tsig/tsig-stream.ts';
export {
  type RefusedTsig,
  type TsigOutcome,
  type VerifiedTsig,
  type VerifyTsigOptions,
  verifyTsig,
} from './tsig/verify.ts';
export {
  type FailedTsig,
  type ResponseOutcome,
  type VerifyResponseOptions,
  verifyTsigResponse,
} from './tsig/verify-response.ts';
// Updates over HTTP.
export { type AcmeDnsOptions, acmeDns } from './update/acme-dns/acme-dns.ts';
export {
  AbuseGuard,
  type AbuseGuardOptions,
  type AbuseNotice,
} from './update/dyndns2/abuse-guard.ts';
export { type CheckIpOptions, checkIp } from './update/dyndns2/check-ip.ts';
export { type Dyndns2Options, dyndns2 } from './update/dyndns2/dyndns2.ts';
export type { UpdateAccount } from './update/http/account.ts';
export type { TrustedProxies } from './update/http/client-address.ts';
export type { HttpUpdateContext, HttpUpdateHandler } from './update/http/http-context.ts';
export type { Rate } from './update/http/rate-memory.ts';
export { hashToken } from './update/http/token.ts';
export type { Zones } from './update/http/zone-list.ts';
// Updates over DNS.
export type { LeaseLimits } from './update/message/update-lease.ts';
export type {
  RequestedChange,
  UpdateCheck,
  UpdateOperation,
  UpdatePolicy,
  UpdateRequester,
  UpdateRule,
} from './update/message/update-rule.ts';
export {
  type UpdateReport,
  type Updates,
  type UpdatesOptions,
  updates,
} from './update/message/updates.ts';
export type { ApiToken } from './update/record-api/api-token.ts';
export { type RecordApiOptions, recordApi } from './update/record-api/record-api.ts';
export type { DenialProof } from './zone/denial-proof.ts';
export { type NewZoneOptions, newZone } from './zone/new-zone.ts';
export {
  createRRset,
  MAX_RECORDS,
  MAX_TTL,
  type RRset,
  sameRRset,
  valuesOf,
} from './zone/rrset.ts';
export { isSerialAfter, nextSerial } from './zone/serial.ts';
// Zone content.
export {
  type ChangeSet,
  type Edit,
  type Neighbours,
  type RRsetChange,
  Zone,
} from './zone/zone.ts';
export type { ZoneBuilder } from './zone/zone-builder.ts';
export type { ZoneNode } from './zone/zone-node.ts';
// Zone files.
export {
  type FormatZoneOptions,
  formatRRset,
  formatZone,
  zoneLines,
} from './zone-file/format-zone.ts';
export { type ParseRecordOptions, parseRecord, type TextRecord } from './zone-file/parse-record.ts';
export { type ParsedZone, type ParseZoneOptions, parseZone } from './zone-file/parse-zone.ts';
export { formatProblem, type ZoneFileProblem } from './zone-file/problem.ts';
export { type ReadZoneFileOptions, readZoneFile } from './zone-file/read-zone-file.ts';
export { ZoneFile, type ZoneFileOptions, zoneFile } from './zone-file/zone-file.ts';
export { ZoneFileError } from './zone-file/zone-file-error.ts';
