import { UsageError } from '@hawser/core';
import type { HttpErrorCode } from '../errors.ts';
import type { Params } from './path-params.ts';

/**
 * A pattern of hosts: `api.example.net`, `:tenant.example.net` (one label), `*.example.net` (one or more labels). A port in
 * it is refused: hosts are compared without.
 */
export interface HostPattern {
  readonly text: string;
  /** Equal for patterns that match the same hosts. */
  readonly key: string;
  /** Greater goes first: a name before a parameter before `*`, from the last label on. */
  readonly rank: string;
  /** `undefined` if the host is another. */
  match(host: string): Params | undefined;
}

/** The parameters of a pattern of hosts. */
export type HostParams<Pattern extends string> = string extends Pattern
  ? Params
  : LabelsParams<Pattern>;

type LabelsParams<Text extends string> = Text extends `${infer Label}.${infer Rest}`
  ? LabelParams<Label> & LabelsParams<Rest>
  : LabelParams<Text>;

type LabelParams<Label extends string> = Label extends `:${infer Name}`
  ? { readonly [Key in Name]: string }
  : Readonly<Record<never, string>>;

const LABEL = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?|:[A-Za-z_$][A-Za-z0-9_$]*)$/;
const IP_LITERAL = /^(?:\[[0-9a-f:.]+\])$/;
// A registered name without empty labels, or an address in brackets; then the dot of the root and the port (RFC 3986 §3.2.2).
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[\w~!$&'()*+,;=%-]+(?:\.[\w~!$&'()*+,;=%-]+)*)\.?(?::\d*)?$/i;
const NONE: Params = Object.freeze(Object.create(null));

/** @throws UsageError `HAWSER_HTTP_BAD_ROUTE` */
export function parseHostPattern(text: string): HostPattern {
  const name = lowerStatic(text.endsWith('.') ? text.slice(0, -1) : text);
  if (IP_LITERAL.test(name)) return exact(text, name);
  const labels = name.split('.');
  const any = labels[0] === '*';
  const fixed = any ? labels.slice(1) : labels;
  const bad = fixed.find((label) => !LABEL.test(label));
  if (
    fixed.length === 0 ||
    bad !== undefined ||
    new Set(namesOf(fixed)).size < namesOf(fixed).length
  ) {
    throw new UsageError<HttpErrorCode>(
      'HAWSER_HTTP_BAD_ROUTE',
      `Cannot route a host as each label must be a name, or ":" and another name, or "*" at the beginning: ${JSON.stringify(text)}`,
    );
  }
  if (!any && namesOf(fixed).length === 0) return exact(text, name);
  const rank = [...fixed].reverse().map((label) => (label.startsWith(':') ? '1' : '2'));
  return {
    text,
    key: name.replace(/:[^.]+/g, ':'),
    rank: `${rank.join('')}${any ? '0' : ''}`,
    match: (host) => matchLabels(host, fixed, any),
  };
}

/** Lower case, without port and the dot of the root; `undefined` if it is no host. */
export function normalHost(authority: string): string | undefined {
  return AUTHORITY.exec(authority)?.[1]?.toLowerCase();
}

/** What of an absolute URL names its host. */
export function authorityOf(url: string): string {
  const start = url.indexOf('://') + 3;
  const end = url.indexOf('/', start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function exact(text: string, name: string): HostPattern {
  const rank = '2'.repeat(name.split('.').length);
  return { text, key: name, rank, match: (host) => (host === name ? NONE : undefined) };
}

function matchLabels(host: string, fixed: readonly string[], any: boolean): Params | undefined {
  const labels = host.split('.');
  const extra = labels.length - fixed.length;
  if (any ? extra < 1 : extra !== 0) return undefined;
  const params: Record<string, string> = Object.create(null);
  for (const [at, label] of fixed.entries()) {
    const given = labels[at + extra] ?? '';
    if (label.startsWith(':') && given !== '') params[label.slice(1)] = given;
    else if (label !== given) return undefined;
  }
  return labels.includes('') ? undefined : params;
}

function namesOf(labels: readonly string[]): string[] {
  return labels.filter((label) => label.startsWith(':'));
}

// Names of parameters keep their case.
function lowerStatic(text: string): string {
  return text
    .split('.')
    .map((label) => (label.startsWith(':') ? label : label.toLowerCase()))
    .join('.');
}
