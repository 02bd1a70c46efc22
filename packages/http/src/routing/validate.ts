import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Answer } from '../contract/http-handler.ts';
import type { Next } from '../contract/middleware.ts';
import { collectPairs, UnfitFields } from './collect-pairs.ts';
import type { Middleware } from './middleware.ts';
import { isLater } from './now-or-later.ts';
import { MAX_ISSUES, type ProblemIssue, problem } from './problem.ts';
import { readBody } from './read-body.ts';
import type { RoutedRequest } from './routed-request.ts';

/** What of a request is checked. Any library with Standard Schema will do: zod, valibot, arktype and others. */
export interface Schemas {
  /** JSON, or the fields of a form, files as `File`; `undefined` if there is no body. */
  readonly body?: StandardSchemaV1 | undefined;
  /** An object of the query: a list of values where a name comes more than once. */
  readonly query?: StandardSchemaV1 | undefined;
  /** An object of the parameters of the path, all of them text. */
  readonly params?: StandardSchemaV1 | undefined;
  /** An object of the header fields, with names in lower case. */
  readonly headers?: StandardSchemaV1 | undefined;
}

type OutputOf<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : never;

/** What the schemas make of a request. What they make of the headers is in `fields`. */
export type Validated<S extends Schemas> = {
  readonly [Key in keyof S as S[Key] extends StandardSchemaV1
    ? Key extends 'headers'
      ? 'fields'
      : Key
    : never]: OutputOf<S[Key]>;
};

type Part = ProblemIssue['in'];

/** Where the output of each schema goes. */
const PLACES = {
  params: 'params',
  query: 'query',
  headers: 'fields',
  body: 'body',
} as const satisfies Record<Part, string>;
const BEFORE_BODY = ['params', 'query', 'headers'] as const;
const ACCEPTED = 'application/json, application/x-www-form-urlencoded, multipart/form-data';

/**
 * Checks a request before its handler, which gets `body`, `query`, `params` and `fields` as the schemas have made them.
 * A request that does not fit is answered with 400 and a problem in JSON (RFC 9457) that says where and why; a body of
 * another type than JSON or a form with 415. The body is not read before everything else fits, and not longer
 * than `maxBodyBytes`. Stays synchronous where there is no body and the schemas are.
 *
 * @example
 * app.post('/hosts', validate({ body: z.object({ name: z.string() }) }), ({ body }) => add(body.name));
 */
export function validate<const S extends Schemas>(schemas: S): Middleware<Validated<S>> {
  const early = BEFORE_BODY.filter((part) => schemas[part] !== undefined);
  const middleware: Middleware = (request, next) => {
    let later = false;
    const results = early.map((part) => {
      const run = (): Checked | Promise<Checked> =>
        check(schemas, part, () => valueOf(request, part));
      // Nothing may throw past a promise that nobody has in hand yet.
      const result = later ? Promise.resolve().then(run) : run();
      later ||= isLater(result);
      return result;
    });
    if (later) {
      return Promise.all(results.map(async (each) => each)).then((settled) =>
        onwards(schemas, request, next, settled),
      );
    }
    return onwards(schemas, request, next, results as readonly Checked[]);
  };
  return middleware as Middleware<Validated<S>>;
}

interface Checked {
  readonly part: Part;
  readonly result: StandardSchemaV1.Result<unknown>;
}

function check(schemas: Schemas, part: Part, read: () => unknown): Checked | Promise<Checked> {
  const schema = schemas[part] as StandardSchemaV1;
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    if (error instanceof UnfitFields) return { part, result: { issues: [error] } };
    throw error;
  }
  const result = schema['~standard'].validate(value);
  return isLater(result) ? result.then((settled) => ({ part, result: settled })) : { part, result };
}

function onwards(
  schemas: Schemas,
  request: RoutedRequest,
  next: Next,
  results: readonly Checked[],
): Answer {
  const refusal = settle(request, results);
  if (refusal !== undefined) return refusal;
  return schemas.body === undefined ? next() : validateBody(schemas, request, next);
}

async function validateBody(
  schemas: Schemas,
  request: RoutedRequest,
  next: Next,
): Promise<Response> {
  const read = await readBody(request);
  if (read.kind === 'unsupported') return problem({ status: 415, headers: { accept: ACCEPTED } });
  if (read.kind === 'malformed') {
    return problem({ status: 400, errors: [{ in: 'body', path: '', message: read.why }] });
  }
  const checked = await check(schemas, 'body', () => read.value);
  return settle(request, [checked]) ?? next();
}

/** Puts the outputs on the request, or gives the answer to one that does not fit. */
function settle(request: RoutedRequest, results: readonly Checked[]): Response | undefined {
  const errors: ProblemIssue[] = [];
  for (const { part, result } of results) {
    for (const issue of (result.issues ?? []).slice(0, MAX_ISSUES)) {
      errors.push(toProblemIssue(part, issue));
    }
  }
  if (errors.length > 0) return problem({ status: 400, errors });
  for (const { part, result } of results) {
    const { value } = result as StandardSchemaV1.SuccessResult<unknown>;
    // The class of the request has a getter of that name for the body.
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(request, PLACES[part], property);
  }
  return undefined;
}

function valueOf(request: RoutedRequest, part: (typeof BEFORE_BODY)[number]): unknown {
  if (part === 'params') return { ...request.params };
  return collectPairs(part === 'query' ? request.query : request.headers);
}

function toProblemIssue(part: Part, issue: StandardSchemaV1.Issue): ProblemIssue {
  const keys = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  const path = keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { in: part, path, message: issue.message };
}
