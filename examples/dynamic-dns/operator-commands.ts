import { isIP } from 'node:net';
import { HawserError } from '@hawser/core';
import type { DynamicZone } from '@hawser/dns';
import { rowsOf } from './page-rows.ts';

/** What the operator can look at besides the zone. */
export interface Office {
  readonly zone: DynamicZone;
  /** One line a message. */
  readonly mail: () => readonly string[];
  /** One line a listener. */
  readonly connections: () => readonly string[];
}

/** What a command answers. */
export interface CommandResult {
  readonly text: string;
  /** Exit status: 0, 1 for a refusal, 64 for a command nobody knows. */
  readonly status: number;
}

/** What the operator can type. */
export const usage = `list                 show the zone
set NAME ADDRESS     give a name an IPv4 or IPv6 address
delete NAME          delete everything a name has
mail                 show the mail for postmaster and abuse
connections          show who is connected
help                 this text
exit                 leave the shell
`;

/** Runs one line of the operator. */
export async function runCommand(line: string, office: Office): Promise<CommandResult> {
  const [command = '', ...args] = line.trim().split(/\s+/);
  try {
    return await dispatch(command, args, office);
  } catch (error) {
    // A name that is not one, or a disk that is full: the operator should read it.
    if (error instanceof HawserError) return { text: `${error.message}\n`, status: 1 };
    throw error;
  }
}

async function dispatch(
  command: string,
  args: readonly string[],
  { zone, mail, connections }: Office,
): Promise<CommandResult> {
  const [name, address] = args;
  switch (command) {
    case 'list':
      return ok(
        rowsOf(zone).map(({ name: of, ttl, type, data }) => `${of} ${ttl} ${type} ${data}`),
      );
    case 'set': {
      if (name === undefined || address === undefined) return unknown('set NAME ADDRESS');
      const family = isIP(address);
      if (family === 0) return { text: `"${address}" is not an IP address\n`, status: 1 };
      await zone.set(name, family === 4 ? 'A' : 'AAAA', address);
      return ok([`${name} is ${address}, serial ${zone.serial}`]);
    }
    case 'delete': {
      if (name === undefined) return unknown('delete NAME');
      return (await zone.delete(name))
        ? ok([`${name} is deleted, serial ${zone.serial}`])
        : { text: `${name} has nothing to delete\n`, status: 1 };
    }
    case 'mail':
      return ok(mail());
    case 'connections':
      return ok(connections());
    case 'help':
      return { text: usage, status: 0 };
    default:
      return unknown('one of list, set, delete, mail, connections, help');
  }
}

function ok(lines: readonly string[]): CommandResult {
  return { text: lines.map((line) => `${line}\n`).join(''), status: 0 };
}

function unknown(expected: string): CommandResult {
  return { text: `Expected: ${expected}\n`, status: 64 };
}
