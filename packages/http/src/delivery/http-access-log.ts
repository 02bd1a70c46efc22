import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../contract/middleware.ts';
import { isLater } from '../routing/now-or-later.ts';
import { targetOf } from '../routing/request-path.ts';
import { errorStatus } from '../web/error-status.ts';
import { HttpRequest } from '../web/http-request.ts';
import type { HttpAccessRecord } from './access-record.ts';
import { clientOf } from './client.ts';
import { formatCombined, formatJsonLine } from './log-formats.ts';
import { requestIdOf } from './request-id.ts';

/** Options for {@link httpAccessLog}. */
export interface HttpAccessLogOptions {
  /** @defaultValue `'combined'`, the Combined Log Format */
  readonly format?: 'combined' | 'json' | ((record: HttpAccessRecord) => string) | undefined;
  /** The query of the target: as it came, with the values of `secrets` hidden, or not at all. @defaultValue `'hide'` */
  readonly query?: 'keep' | 'hide' | 'drop' | undefined;
  /** Names in the query whose values are hidden, in lower case. @defaultValue those of common tokens and passwords */
  readonly secrets?: readonly string[] | undefined;
  /** Who the user is. Called when the answer has left. */
  readonly user?: ((request: Request, context: HttpContext) => string | undefined) | undefined;
  /** False leaves an exchange out, such as those of health checks. */
  readonly when?: ((record: HttpAccessRecord) => boolean) | undefined;
}

const SECRETS: readonly string[] = [
  'access_token',
  'api_key',
  'apikey',
  'auth',
  'authorization',
  'client_secret',
  'code',
  'credential',
  'id_token',
  'jwt',
  'key',
  'passwd',
  'password',
  'pwd',
  'refresh_token',
  'secret',
  'session',
  'sig',
  'signature',
  'state',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
];

/**
 * Calls `write` with one line for each exchange, without its end, when the answer has left or cannot any more. Outermost it
 * sees all answers of the handlers; requests that the engine has refused are not seen here. Times are those of the
 * reactor. What throws here is reported, and changes no answer.
 *
 * Lines are text that a peer cannot forge. A log has addresses of people in it: keep it no longer than you need it.
 *
 * @example
 * app.use(httpAccessLog((line) => stream.write(`${line}\n`), { format: 'json' }))
 */
export function httpAccessLog(
  write: (line: string) => void,
  options: HttpAccessLogOptions = {},
): Middleware {
  const { format = 'combined', query = 'hide', secrets = SECRETS, user, when } = options;
  const toLine = formatter(format);
  const hidden = new Set(secrets);
  return (request, next, context) => {
    const { clock, reports } = context.reactor;
    const [at, began] = [clock.epoch(), clock.now()];
    const finished = (status: number): void => {
      try {
        const record = {
          at,
          durationMs: clock.now() - began,
          ...factsOf(request, context, status),
          user: user?.(request, context),
          target: shownTarget(request, query, hidden),
        };
        if (when === undefined || when(record)) write(toLine(record));
      } catch (error) {
        reports.problem('http.accessLog', error);
      }
    };
    const answered = (status: number): void => void context.done.then(() => finished(status));
    const failed = (error: unknown): never => {
      answered(errorStatus(request, error));
      throw error;
    };
    try {
      const answer = next();
      if (isLater(answer)) {
        return answer.then((response) => {
          answered(response.status);
          return response;
        }, failed);
      }
      answered(answer.status);
      return answer;
    } catch (error) {
      return failed(error);
    }
  };
}

function formatter(
  format: 'combined' | 'json' | ((record: HttpAccessRecord) => string),
): (record: HttpAccessRecord) => string {
  if (typeof format === 'function') return format;
  return format === 'json' ? formatJsonLine : formatCombined;
}

function factsOf(
  request: Request,
  context: HttpContext,
  status: number,
): Omit<HttpAccessRecord, 'at' | 'durationMs' | 'user' | 'target'> {
  const exchange = HttpRequest.exchangeOf(request);
  const { headers, method } = request;
  return {
    client: clientOf(context).address,
    method,
    version: context.version,
    host: headers.get('host') ?? exchange?.authority,
    status: context.sentStatus ?? status,
    bytes: context.sentBytes,
    complete: !(exchange?.gone ?? context.signal.aborted),
    referer: headers.get('referer') ?? undefined,
    userAgent: headers.get('user-agent') ?? undefined,
    requestId: requestIdOf(context),
  };
}

function shownTarget(
  request: Request,
  query: 'keep' | 'hide' | 'drop',
  secrets: ReadonlySet<string>,
): string {
  const target = HttpRequest.exchangeOf(request)?.target ?? targetOf(request.url);
  const mark = target.indexOf('?');
  if (mark < 0 || query === 'keep') return target;
  const path = target.slice(0, mark);
  return query === 'drop' ? path : `${path}?${hideValues(target.slice(mark + 1), secrets)}`;
}

function hideValues(query: string, secrets: ReadonlySet<string>): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) return pair;
      const name = pair.slice(0, equals);
      return secrets.has(plainName(name)) ? `${name}=***` : pair;
    })
    .join('&');
}

/** As a reader of the query would see it: a name may be encoded to get its value into the log. */
function plainName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' ')).trim().toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
