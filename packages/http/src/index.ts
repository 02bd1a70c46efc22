// Serving.
export type { HttpErrorCode } from './errors.ts';
export type { HttpContext, HttpHandler } from './http-handler.ts';
export type { HttpOptions } from './http-options.ts';
export { matchHttp } from './match.ts';
export { http } from './server.ts';
// Other protocols on an HTTP connection.
export {
  refuseUpgrade,
  type UpgradeContext,
  type UpgradeHandler,
  type UpgradeRefusal,
} from './upgrade.ts';
