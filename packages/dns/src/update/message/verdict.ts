import { Rcode } from '../../numbers.ts';

/** How an update ends: what the client hears, and why, for the log. */
export interface Verdict {
  readonly rcode: number;
  readonly reason?: string | undefined;
}

/** It may not be. */
export function refused(reason: string): Verdict {
  return { rcode: Rcode.Refused, reason };
}

/** It breaks a rule of the format. */
export function malformed(what: string, rcode: number = Rcode.FormErr): Verdict {
  return { rcode, reason: `malformed ${what}` };
}

/** It could not be made now. */
export function failed(reason: string): Verdict {
  return { rcode: Rcode.ServFail, reason };
}
