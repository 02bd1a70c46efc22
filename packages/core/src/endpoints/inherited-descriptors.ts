/**
 * Sockets that whoever started this process has bound: systemd, a supervisor, or the process that this one replaces.
 * They are descriptors 3 and up, announced by LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID (sd_listen_fds(3)). A process
 * that replaces itself cannot know the number of its successor in advance, so HAWSER_UPGRADE=1 stands for LISTEN_PID.
 */
import { ListenError, UsageError } from '../errors.ts';

const FIRST_DESCRIPTOR = 3;
const VARIABLES = ['LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PID', 'LISTEN_PATHS', 'HAWSER_UPGRADE'];
/** As sd_listen_fds_with_names(3) calls what has no name. */
const NAMELESS = 'unknown';

/** The variables of a process, which are changed by reading them. */
export type Environment = Record<string, string | undefined>;

/** One inherited socket. */
export interface InheritedDescriptor {
  readonly fd: number;
  readonly name: string;
  /** Its file, if it is a Unix socket whose file goes with it. */
  readonly path: string;
}

type Inherited =
  | { readonly all: readonly InheritedDescriptor[]; readonly taken: Set<InheritedDescriptor> }
  | { readonly nothing: string };

/** What was found when the variables were read; they are gone then. */
const found = new WeakMap<Environment, Inherited>();

/**
 * The inherited sockets that are called `name`, or the one with that number, counted from 0, which nobody has taken yet.
 * @throws ListenError `HAWSER_ADDRESS_NOT_AVAILABLE` if there is none
 * @throws UsageError `HAWSER_BUSY` if they were all taken
 */
export function inheritedDescriptors(
  name: string,
  { where, env = process.env }: { readonly where: string; readonly env?: Environment | undefined },
): readonly [InheritedDescriptor, ...InheritedDescriptor[]] {
  const inherited = inherit(env);
  const fail = (why: string): never => {
    throw new ListenError('HAWSER_ADDRESS_NOT_AVAILABLE', `Cannot listen on ${where}: ${why}`);
  };
  if ('nothing' in inherited) return fail(inherited.nothing);
  const named = inherited.all.filter((each, at) => matches(each, { at, name }));
  if (named.length === 0) {
    const names = inherited.all.map((each) => JSON.stringify(each.name)).join(', ');
    return fail(`no inherited socket is called "${name}": there are ${names}`);
  }
  const [first, ...others] = named.filter((each) => !inherited.taken.has(each));
  if (first) return [first, ...others];
  throw new UsageError('HAWSER_BUSY', `Cannot listen on ${where} as it was listened on already`);
}

/** Nobody gets this one again: it may be closed by now, and its number mean something else. */
export function takeInherited(
  descriptor: InheritedDescriptor,
  env: Environment = process.env,
): void {
  const inherited = found.get(env);
  if (inherited && 'taken' in inherited) inherited.taken.add(descriptor);
}

/** It was not what was asked for. */
export function giveBackInherited(
  descriptor: InheritedDescriptor,
  env: Environment = process.env,
): void {
  const inherited = found.get(env);
  if (inherited && 'taken' in inherited) inherited.taken.delete(descriptor);
}

/**
 * Whether this process was given a socket called `name` to listen on. For a server that binds its address itself when it
 * is started by hand.
 *
 * @example serve(isInherited('web') ? 'systemd:web' : 'tcp://:8080', http(app))
 */
export function isInherited(name: string): boolean {
  const inherited = inherit(process.env);
  return 'all' in inherited && inherited.all.some((each, at) => matches(each, { at, name }));
}

function matches(
  { name: own }: InheritedDescriptor,
  { at, name }: { readonly at: number; readonly name: string },
): boolean {
  return /^\d+$/.test(name) ? Number(name) === at : own === name;
}

/** Reads the variables once, and removes them so that children do not take them for theirs. */
function inherit(env: Environment): Inherited {
  const known = found.get(env);
  if (known) return known;
  const inherited = read(env);
  for (const name of VARIABLES) delete env[name];
  found.set(env, inherited);
  return inherited;
}

function read(env: Environment): Inherited {
  const { LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID, LISTEN_PATHS = '', HAWSER_UPGRADE } = env;
  if (LISTEN_FDS === undefined) {
    return { nothing: 'this process was not given any socket, LISTEN_FDS is not set' };
  }
  if (LISTEN_PID === undefined ? HAWSER_UPGRADE !== '1' : LISTEN_PID !== String(process.pid)) {
    const whom = LISTEN_PID === undefined ? 'nobody, LISTEN_PID is not set' : LISTEN_PID;
    return { nothing: `LISTEN_FDS is meant for process ${whom}, and this is ${process.pid}` };
  }
  if (!/^[1-9]\d{0,3}$/.test(LISTEN_FDS)) {
    return { nothing: `LISTEN_FDS must be a number of sockets: ${JSON.stringify(LISTEN_FDS)}` };
  }
  const count = Number(LISTEN_FDS);
  const names = LISTEN_FDNAMES?.split(':') ?? Array.from({ length: count }, () => NAMELESS);
  if (names.length !== count) {
    return { nothing: `LISTEN_FDNAMES has ${names.length} names for ${count} sockets` };
  }
  const paths = LISTEN_PATHS.split(':').map(decode);
  const all = names.map((name, at) => ({
    fd: FIRST_DESCRIPTOR + at,
    name,
    path: paths[at] ?? '',
  }));
  return { all, taken: new Set() };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
