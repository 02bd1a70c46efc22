import type { ServerChannel, Session as Ssh2Session } from 'ssh2';
import { SessionPty } from './pty.ts';

const MAX_ENV = 32;
const MAX_NAME = 64;
const MAX_VALUE = 1024;

/** What a client prepared before it started a shell or a command. */
interface Prepared {
  readonly env: Readonly<Record<string, string>>;
  readonly pty: SessionPty | undefined;
}

/** What {@link prepare} asks and tells. */
export interface SessionStart {
  /** Whether a shell or command may start now. */
  mayStart(): boolean;
  /** The one shell or command of the session starts. */
  started(channel: ServerChannel, command: string | undefined, prepared: Prepared): void;
  /** A listener of the session threw, or rejected. */
  threw(error: unknown): void;
}

/**
 * Listens to a session until its shell or command starts (RFC 4254 §6). Everything else a client may ask for has no
 * listener, which ssh2 answers with a refusal: subsystems, X11, the agent, signals.
 */
export function prepare(session: Ssh2Session, start: SessionStart): void {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  let pty: SessionPty | undefined;
  let running = false;

  // ssh2 leaves `accept` and `reject` out when the client wants no answer.
  session.on('env', (accept, reject, { key, val }) => {
    const fits = key.length <= MAX_NAME && val.length <= MAX_VALUE && count < MAX_ENV;
    if (running || !fits) {
      (reject as (() => void) | undefined)?.();
      return;
    }
    count += 1;
    env[key] = val;
    (accept as (() => void) | undefined)?.();
  });
  session.on('pty', (accept, reject, info) => {
    if (running || pty) {
      (reject as (() => void) | undefined)?.();
      return;
    }
    pty = new SessionPty(info.term, info);
    (accept as (() => void) | undefined)?.();
  });
  session.on('window-change', (accept, _reject, info) => {
    pty?.resize(info, (error) => start.threw(error));
    (accept as (() => void) | undefined)?.();
  });

  const run = (
    accept: () => ServerChannel | undefined,
    reject: (() => void) | undefined,
    command?: string,
  ): void => {
    if (running || !start.mayStart()) {
      reject?.();
      return;
    }
    const channel = accept();
    if (!channel) return;
    running = true;
    start.started(channel, command, { env, pty });
  };
  session.on('shell', (accept, reject) => run(accept, reject));
  session.on('exec', (accept, reject, { command }) => run(accept, reject, command));
}
