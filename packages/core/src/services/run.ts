import type { Service } from '../contract/service.ts';
// oxlint-disable-next-line no-restricted-imports -- this is what makes a process of services
import { createNodeReactor } from '../node/node-reactor.ts';
import { group } from './group.ts';
import type { MakeServices } from './made-services.ts';
import { runApplication } from './run-application.ts';

/**
 * The process around services: makes a node reactor, starts them in order, says where they listen, stops them in four
 * phases on SIGINT or SIGTERM, and sets `process.exitCode`. It never calls `process.exit`: after a third signal the
 * next one ends the process in the system's way.
 *
 * What needs the reactor to be made, or takes its time, is made in a function.
 *
 * @example await run(serve('tcp://:7000', () => new Echo()), serve('tcp://:7001', () => new Chat()));
 * @example
 * await run(async (reactor) => {
 *   const database = await openDatabase();
 *   return [timerService(60_000, () => database.vacuum()), serve('tcp://:7000', () => new Desk(database))];
 * });
 */
export async function run(...services: readonly Service[]): Promise<void>;
export async function run(make: MakeServices): Promise<void>;
export async function run(
  ...given: readonly Service[] | readonly [make: MakeServices]
): Promise<void> {
  const [only, ...others] = given;
  const services = only && others.length === 0 ? only : group(...(given as readonly Service[]));
  process.exitCode = await runApplication(services, {
    reactor: createNodeReactor(),
    announce: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
  });
}
