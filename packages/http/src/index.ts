// Serving.
export type { HttpErrorCode } from './errors.ts';
export type { HttpContext, HttpHandler } from './http-handler.ts';
export type { HttpOptions } from './http-options.ts';
export { matchHttp } from './match.ts';
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
export { http } from './server.ts';
// Other protocols on an HTTP connection.
export {
  refuseUpgrade,
  type UpgradeContext,
  type UpgradeHandler,
  type UpgradeRefusal,
} from './upgrade.ts';
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
