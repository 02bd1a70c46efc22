import type { HttpContext } from '../contract/http-handler.ts';
import type { Middleware } from '../routing/middleware.ts';
import { whenThere } from '../routing/now-or-later.ts';
import { editHeaders } from './edit-response.ts';

/** Directives of a content security policy and their sources; `false` takes one of the defaults away. */
export type ContentSecurityPolicy = Readonly<Record<string, readonly string[] | false>>;

/** Options for {@link securityHeaders}: for each field another value, or `false` for none. */
export interface SecurityHeadersOptions {
  /**
   * Directives that replace those of the default one by one, or the whole policy as text. What the default adds over HTTPS
   * is `upgrade-insecure-requests`: over HTTP it would keep a page from its own scripts.
   */
  readonly contentSecurityPolicy?: ContentSecurityPolicy | string | false | undefined;
  /** Only sent over HTTPS (RFC 6797 §7.2). @defaultValue 'max-age=31536000; includeSubDomains' */
  readonly strictTransportSecurity?: string | false | undefined;
  /** @defaultValue 'same-origin' */
  readonly crossOriginOpenerPolicy?: string | false | undefined;
  /** @defaultValue 'same-origin' */
  readonly crossOriginResourcePolicy?: string | false | undefined;
  /** @defaultValue none: it keeps pages from loading what did not agree to it */
  readonly crossOriginEmbedderPolicy?: string | false | undefined;
  /** @defaultValue '?1' */
  readonly originAgentCluster?: string | false | undefined;
  /** @defaultValue 'no-referrer' */
  readonly referrerPolicy?: string | false | undefined;
  /** @defaultValue 'nosniff' */
  readonly xContentTypeOptions?: string | false | undefined;
  /** @defaultValue 'SAMEORIGIN' */
  readonly xFrameOptions?: string | false | undefined;
  /** @defaultValue none */
  readonly permissionsPolicy?: string | false | undefined;
}

const POLICY: ContentSecurityPolicy = {
  'default-src': ["'self'"],
  'base-uri': ["'self'"],
  'font-src': ["'self'", 'https:', 'data:'],
  'form-action': ["'self'"],
  'frame-ancestors': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'script-src-attr': ["'none'"],
  'style-src': ["'self'", 'https:', "'unsafe-inline'"],
};

/**
 * Sets the fields that tell browsers to be careful. Those that the handler has set stay.
 *
 * @throws RangeError for a directive that could end in another one
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): Middleware {
  const always: [string, string][] = [];
  const add = (name: string, value: string | false | undefined, usual?: string): void => {
    const chosen = value ?? usual;
    if (chosen === undefined || chosen === false) return;
    always.push([name, checkedValue(name, chosen)]);
  };
  add('content-security-policy', policyOf(options.contentSecurityPolicy));
  add('cross-origin-opener-policy', options.crossOriginOpenerPolicy, 'same-origin');
  add('cross-origin-resource-policy', options.crossOriginResourcePolicy, 'same-origin');
  add('cross-origin-embedder-policy', options.crossOriginEmbedderPolicy);
  add('origin-agent-cluster', options.originAgentCluster, '?1');
  add('permissions-policy', options.permissionsPolicy);
  add('referrer-policy', options.referrerPolicy, 'no-referrer');
  add('x-content-type-options', options.xContentTypeOptions, 'nosniff');
  add('x-frame-options', options.xFrameOptions, 'SAMEORIGIN');
  // The filter of old browsers made pages less safe, not safer.
  add('x-xss-protection', '0');
  const { strictTransportSecurity = 'max-age=31536000; includeSubDomains' } = options;
  const upgrade = upgradesRequests(options.contentSecurityPolicy);
  const secured = always.map(([name, value]): [string, string] =>
    upgrade && name === 'content-security-policy' ? [name, `${value}; ${UPGRADE}`] : [name, value],
  );
  if (strictTransportSecurity !== false) {
    const name = 'strict-transport-security';
    secured.push([name, checkedValue(name, strictTransportSecurity)]);
  }
  return (request, next, context) => {
    const fields = isSecure(request, context) ? secured : always;
    return whenThere(next(), (response) =>
      editHeaders(response, (headers) => {
        for (const [name, value] of fields) if (!headers.has(name)) headers.set(name, value);
      }),
    );
  };
}

function isSecure(request: Request, context: HttpContext): boolean {
  return context.secure || request.url.startsWith('https:');
}

const UPGRADE = 'upgrade-insecure-requests';

function upgradesRequests(policy: ContentSecurityPolicy | string | false = {}): boolean {
  return typeof policy === 'object' && policy[UPGRADE] === undefined;
}

function policyOf(policy: ContentSecurityPolicy | string | false = {}): string | false {
  if (typeof policy !== 'object') return policy;
  const directives = Object.entries({ ...POLICY, ...policy }).flatMap(([name, sources]) => {
    if (sources === false) return [];
    const parts = [name, ...sources];
    const bad = parts.find((part) => !/^[!-+\--:<-~]+$/.test(part));
    if (bad !== undefined) {
      throw new RangeError(
        `Cannot make a content security policy as a directive or source is none: ${JSON.stringify(bad)}`,
      );
    }
    return [parts.join(' ')];
  });
  return directives.join('; ');
}

function checkedValue(name: string, value: string): string {
  if (!/^[\t -~]+$/.test(value)) {
    throw new RangeError(`Cannot send ${name} as its value is none: ${JSON.stringify(value)}`);
  }
  return value;
}
