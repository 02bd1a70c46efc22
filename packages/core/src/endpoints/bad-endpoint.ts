import { UsageError } from '../errors.ts';

/** What is wrong with which part of an endpoint string. Passwords in it are not shown. */
export function badEndpoint(text: string, why: string): UsageError {
  return new UsageError(
    'HAWSER_BAD_ENDPOINT',
    `Cannot parse endpoint ${JSON.stringify(withoutPasswords(text))}: ${why}`,
  );
}

/** The text with `***` for each password in `//user:password@host`, and for logins among the options. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\/[^:@/?#]*):[^@/?#]*@/g, '$1:***@').replace(/(\blogin=)[^&]*/g, '$1***');
}
