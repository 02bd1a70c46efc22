import { UsageError } from '../errors.ts';

/** What is wrong with which part of an endpoint string. Passwords are shown neither in it nor in `why`. */
export function badEndpoint(text: string, why: string): UsageError {
  const shown = withoutPasswords(text).replace(MISSING_SCHEME, '$1:***@');
  const torn = shown.replace(TORN_PASSWORD, '$1:***@');
  // The parts are not what they seem, so that `why` may be about half a password.
  const hint = '/ ? # in what stands before "@" must be escaped with %';
  return new UsageError(
    'HAWSER_BAD_ENDPOINT',
    `Cannot parse endpoint ${JSON.stringify(torn)}: ${torn === shown ? withoutLogins(why) : hint}`,
  );
}

/**
 * The text with `***` for each password in `//user:password@host`, and for logins among the options. For whatever shows
 * an endpoint to people: `String(endpoint)` has to keep them.
 */
export function withoutPasswords(text: string): string {
  return text
    .replace(/(\/[^:@/?#]*):[^/?#]*@/g, '$1:***@')
    .replace(/([?&.](?:login|pass\w*)=)[^&]*/gi, '$1***')
    .replace(/([?&.]target=)[^&]*@/g, '$1***@');
}

/** Whether the value of an option of this name must not be shown. */
export function isSecret(name: string): boolean {
  return /(?:^|\.)(?:login|pass\w*)$/i.test(name);
}

/** `user:password@host:port` without anything in front. */
const MISSING_SCHEME = /^([^:@/?#]*):[^/?#]*@(?=[^@/?#]*:\d+(?:[/?#]|$))/;

/** A user and half of a password, which seems to end there, with an "@" farther on; what is no port. */
const TORN_PASSWORD = /^([^/?#]*\/\/(?:[^?#]*?\/)??[^:@/?#[\]]*):(?!\d*(?:[/?#]|$)|\*\*\*@).*@/s;

/** What stands before an "@", quoted or not. */
function withoutLogins(why: string): string {
  if (!why.includes('@')) return why;
  return why.replace(/"(?:[^"\\]|\\.)+@/g, '"***@').replace(/[^\s"]+@/g, '***@');
}
