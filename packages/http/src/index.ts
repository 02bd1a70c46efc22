export type { HttpContext, HttpHandler } from './contract/http-handler.ts';
// Serving.
export type { HttpErrorCode } from './errors.ts';
// Routing.
export type { ErrorClass, ErrorHandler } from './routing/error-handlers.ts';
export type { Answer, Middleware, Next, RouteHandler } from './routing/middleware.ts';
export type { FetchApplication } from './routing/mount-application.ts';
export type { Params, PathParams } from './routing/path-params.ts';
export type { QueryView } from './routing/query-view.ts';
export { type RequestState, requestState } from './routing/request-state.ts';
export type { RouteListing } from './routing/route-listing.ts';
export type { Routed, RoutedRequest } from './routing/routed-request.ts';
export { type Router, type RouterOptions, router } from './routing/router.ts';
export { type HttpApp, http } from './server/http.ts';
export type { Http1Options, HttpOptions } from './server/http-options.ts';
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
// Requests and responses.
export { HttpHeaders, toFieldLines } from './web/http-headers.ts';
export {
  exchangeOf,
  HttpRequest,
  type HttpRequestOptions,
  type RequestChanges,
  toStandardRequest,
} from './web/http-request.ts';
export {
  HttpResponse,
  type HttpResponseInit,
  type ResponseParts,
  type TakeOver,
  type Trailers,
} from './web/http-response.ts';
export type { BodyPieces, Content, ResponseBody } from './web/response-content.ts';
export { type TakeOverOptions, takeOver } from './web/take-over.ts';
export { type WebResponderOptions, webResponder } from './web/web-responder.ts';
