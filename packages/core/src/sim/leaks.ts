import { toError } from '../errors.ts';
import type { SocketStatus } from './netstat.ts';
import type { ScheduledCall } from './scheduled-call.ts';

/** Something that a simulation still has at its end. */
export interface Leak {
  readonly kind: 'port' | 'connection' | 'timer' | 'problem';
  /** The host, or `timers of the process`. */
  readonly owner: string;
  readonly what: string;
  /** Where it was made; only when leaks are tracked. */
  readonly stack?: string | undefined;
}

/** A socket that is still there. */
export function socketLeak(socket: SocketStatus): Leak {
  const { host, state, local, peer, label, madeAt } = socket;
  const isPort = state === 'listen' || state === 'bound';
  const ends = peer === undefined ? local : `${local} to ${peer}`;
  return {
    kind: isPort ? 'port' : 'connection',
    owner: host,
    what: `${label} on ${ends} (${state})`,
    stack: madeAt?.stack,
  };
}

/** A timer that is still to come. */
export function timerLeak({ at, where, owner, context, madeAt }: ScheduledCall): Leak {
  const label = context ? ` of ${context.label}` : '';
  return {
    kind: 'timer',
    owner: owner.label,
    what: `${where}${label}, due at ${at.toFixed(3)} ms`,
    stack: madeAt?.stack,
  };
}

/** A report that nobody has read. */
export function problemLeak(
  owner: string,
  problem: { readonly where: string; readonly error: unknown },
): Leak {
  const { where, error } = problem;
  return {
    kind: 'problem',
    owner,
    what: `${where}: ${toError(error).message}`,
    stack: error instanceof Error ? error.stack : undefined,
  };
}

/** All leaks as text, one a paragraph. */
export function describeLeaks(leaks: readonly Leak[]): string {
  return leaks
    .map(({ kind, owner, what, stack }) => {
      const made = stack ? `\n${stack.split('\n').slice(1).join('\n')}` : '';
      return `  ${kind} of ${owner}: ${what}${made}`;
    })
    .join('\n');
}
