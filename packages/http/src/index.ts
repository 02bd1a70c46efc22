// Blocking handlers in worker threads.
export { type BlockingOptions, type BlockingService, blocking } from './blocking/blocking.ts';
export type {
  AnswerWriter,
  BlockingAnswer,
  BlockingBody,
  BlockingHandler,
  BlockingHead,
  BlockingHeaders,
  BlockingResult,
} from './blocking/blocking-answer.ts';
export type { BlockingCalls } from './blocking/blocking-calls.ts';
export type { BlockingRequest } from './blocking/blocking-request.ts';
export { RequestCancelledError } from './blocking/waiting-thread.ts';
// The client.
export type { BodyStream } from './client/body-pieces.ts';
export type {
  HttpClientOptions,
  RequestOptions,
  RequestTimeouts,
} from './client/client-options.ts';
export {
  ClientResponse,
  type CollectOptions,
  type ResponseTimings,
} from './client/client-response.ts';
export type { ClientProtocol, PoolOptions, PoolStatus } from './client/connection-pool.ts';
export { type CookieJar, type CookieJarOptions, cookieJar } from './client/cookie-jar.ts';
export { basicAuth, bearerAuth } from './client/credentials.ts';
export type { EndpointChoice, Origin } from './client/destination.ts';
export type { FetchInit, FetchInput } from './client/fetch-request.ts';
export {
  type HttpClient,
  httpClient,
  type RequestTarget,
  type SwitchOptions,
} from './client/http-client.ts';
export {
  HttpRequestError,
  HttpResponseError,
  type RequestPhase,
} from './client/http-request-error.ts';
export type { Http2ClientOptions } from './client/http2-client-options.ts';
export type { Progress } from './client/progress.ts';
export type { BodyInput } from './client/request-body.ts';
export type { RetryOptions } from './client/retry-policy.ts';
export { UpgradedConnection } from './client/switched-connection.ts';
export { UpgradeRefusedError } from './client/upgrade-refused-error.ts';
export { type QueryInput, type QueryValue, withQuery } from './client/with-query.ts';
export type { IncomingBody, OutgoingBody } from './contract/body.ts';
export type { HttpExchange, Responder } from './contract/exchange.ts';
export type { FieldLines } from './contract/field-lines.ts';
export type { Answer, HttpContext, HttpHandler } from './contract/http-handler.ts';
export type { ResponseHead } from './contract/message-head.ts';
export type { Next } from './contract/middleware.ts';
// Delivery.
export type { HttpAccessRecord } from './delivery/access-record.ts';
export { bodyLimit } from './delivery/body-limit.ts';
export { CLIENT, type Client, clientOf } from './delivery/client.ts';
export { type CompressionOptions, compression } from './delivery/compression.ts';
export type { CompressionLevels, ContentCoding } from './delivery/content-codings.ts';
export { type DecompressBodyOptions, decompressBody } from './delivery/decompress-body.ts';
export { type EtagOptions, etag } from './delivery/etag.ts';
export {
  type ConditionalRequest,
  evaluateConditions,
  rangeApplies,
  type Validators,
} from './delivery/evaluate-conditions.ts';
export {
  type Health,
  type HealthCheck,
  type HealthOptions,
  health,
} from './delivery/health.ts';
export { type HttpAccessLogOptions, httpAccessLog } from './delivery/http-access-log.ts';
export type { NetworkBits } from './delivery/ip-network.ts';
export { formatCombined, formatJsonLine } from './delivery/log-formats.ts';
export { type RateLimitOptions, rateLimit } from './delivery/rate-limit.ts';
export {
  MemoryRateStore,
  type RateLimitStore,
  type RateQuota,
  type RateVerdict,
} from './delivery/rate-limit-store.ts';
export { type RequestIdOptions, requestId, requestIdOf } from './delivery/request-id.ts';
export { type TimeLimitOptions, timeLimit } from './delivery/time-limit.ts';
export { type TrustProxyOptions, trustProxy } from './delivery/trust-proxy.ts';
// Serving.
export type { HttpErrorCode } from './errors.ts';
// Forms.
export { Form, type FormValue } from './forms/form.ts';
export type { FormLimits } from './forms/form-limits.ts';
export type { FieldPart, FilePart, Part } from './forms/part.ts';
export { type PartsOptions, parts } from './forms/parts.ts';
export { type ReadFormOptions, readForm } from './forms/read-form.ts';
// HTML.
export { Html, type HtmlValue, html, rawHtml } from './html/html.ts';
// Errors that answer.
export { HttpError, type HttpErrorOptions } from './http-error.ts';
// HTTP/2.
export { type Http2ServerOptions, http2 } from './http2/http2.ts';
export type { Http2Options } from './http2/http2-options.ts';
export { matchHttp2 } from './http2/with-http2.ts';
// Middleware of identity.
export {
  type CookieOptions,
  formatCookie,
  readCookies,
  removeCookie,
  setCookie,
} from './middleware/cookies.ts';
export { type CorsOptions, cors, type OriginTest } from './middleware/cors.ts';
export { type CsrfOptions, csrf } from './middleware/csrf.ts';
export { editHeaders } from './middleware/edit-response.ts';
export {
  type BasicAuthOptions,
  type BasicAuthUsers,
  requireBasicAuth,
} from './middleware/require-basic-auth.ts';
export {
  type BearerAuthOptions,
  type BearerAuthTokens,
  requireBearerAuth,
} from './middleware/require-bearer-auth.ts';
export {
  type ContentSecurityPolicy,
  type SecurityHeadersOptions,
  securityHeaders,
} from './middleware/security-headers.ts';
export type { Session } from './middleware/session.ts';
export {
  type MemorySessionOptions,
  type MemorySessionStore,
  memorySessions,
  type SessionStore,
  type StoredSession,
} from './middleware/session-store.ts';
export {
  type SessionCookieOptions,
  type SessionOptions,
  sessions,
} from './middleware/sessions.ts';
export {
  type SignedCookieOptions,
  type SignedCookies,
  signedCookies,
} from './middleware/signed-cookies.ts';
export type { NodeListener, RoutingApp } from './mount/call-listener.ts';
// Mounting apps that were written for something else.
export {
  type ExecutionContext,
  type FetchAppOptions,
  type FetchFunction,
  fetchApp,
  type HawserEnv,
} from './mount/fetch-app.ts';
export { type NodeAppOptions, type NodeUpgradeListener, nodeApp } from './mount/node-app.ts';
export { type NodeHttpOptions, nodeHttp } from './mount/node-http.ts';
// A proxy in front of other servers.
export type { ForwardedStyle } from './proxy/forwarded-fields.ts';
export { reverseProxy, type UpstreamChoice } from './proxy/reverse-proxy.ts';
export type { ReverseProxyOptions } from './proxy/reverse-proxy-options.ts';
export type { BalanceOptions, Upstream } from './proxy/upstreams.ts';
// Routing.
export type { ErrorClass, ErrorHandler } from './routing/error-handlers.ts';
export type { Middleware, RouteHandler } from './routing/middleware.ts';
export type { FetchApplication } from './routing/mount-application.ts';
export type { Params, PathParams } from './routing/path-params.ts';
export { type ProblemIssue, type ProblemParts, problem } from './routing/problem.ts';
export type { QueryView } from './routing/query-view.ts';
export { type RequestState, requestState } from './routing/request-state.ts';
export type { RouteListing } from './routing/route-listing.ts';
export type { Routed, RoutedRequest } from './routing/routed-request.ts';
export { type Mountable, type Router, type RouterOptions, router } from './routing/router.ts';
export { type Schemas, type Validated, validate } from './routing/validate.ts';
export { type HttpApp, http } from './server/http.ts';
export type { Http1Options, HttpOptions } from './server/http-options.ts';
export { type HttpUrlOptions, httpUrl } from './server/http-url.ts';
export { http1 } from './server/http1.ts';
export { matchHttp } from './server/match.ts';
// Other protocols on an HTTP connection.
export {
  refuseUpgrade,
  type UpgradeContext,
  type UpgradeHandler,
  type UpgradeRefusal,
} from './server/upgrade.ts';
export type { UpgradeRequest } from './server/upgrade-request.ts';
// Events for browsers.
export {
  type EventBroadcast,
  EventGroup,
  type EventGroupJoin,
  type EventGroupOptions,
} from './sse/event-group.ts';
export type { EventSender } from './sse/event-sender.ts';
export {
  type EventProducer,
  type EventStreamOptions,
  type Events,
  eventStream,
} from './sse/event-stream.ts';
export {
  EventStreamReader,
  type EventStreamReaderOptions,
  type ReceivedEvent,
  readEvents,
} from './sse/event-stream-reader.ts';
export type { ServerEvent } from './sse/format-event.ts';
export type { CacheControl, ServedFile } from './static/cache-control.ts';
// Files.
export { contentDisposition } from './static/content-disposition.ts';
export type { FileCacheOptions } from './static/file-cache.ts';
export { type FileResponseOptions, fileResponse } from './static/file-response.ts';
export type { EtagPolicy } from './static/file-tags.ts';
export type { SymlinkPolicy } from './static/file-tree.ts';
export type { StoredCoding } from './static/precompressed.ts';
export type { DotfilePolicy } from './static/request-path.ts';
export { staticFiles, staticOrNext } from './static/static-files.ts';
export type { StaticOptions } from './static/static-options.ts';
// Requests and responses.
export { HttpHeaders, toFieldLines } from './web/http-headers.ts';
export {
  exchangeOf,
  HttpRequest,
  type HttpRequestOptions,
  type RequestChanges,
  toStandardRequest,
} from './web/http-request.ts';
export { HttpResponse, type HttpResponseInit } from './web/http-response.ts';
export type { BodyProducer, BodyWriter } from './web/produced-body.ts';
export type { BodyPieces, Content, ResponseBody } from './web/response-content.ts';
export type { ResponseParts, TakeOver, Trailers } from './web/response-parts.ts';
export { type TakeOverOptions, takeOver } from './web/take-over.ts';
export { type WebResponderOptions, webResponder } from './web/web-responder.ts';
