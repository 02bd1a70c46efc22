import type { Service } from '../contract/service.ts';
// oxlint-disable-next-line no-restricted-imports -- this is what makes a process of services
import { createNodeReactor } from '../node/node-reactor.ts';
import { group } from './group.ts';
import { runApplication } from './run-application.ts';

/**
 * The process around services: makes a node reactor, starts them in order, says where they listen, stops them in four
 * phases on SIGINT or SIGTERM, and sets `process.exitCode`. It never calls `process.exit`: after a third signal the
 * next one ends the process in the system's way.
 *
 * @example await run(serve('tcp://:7000', () => new Echo()), serve('tcp://:7001', () => new Chat()));
 */
export async function run(...services: readonly Service[]): Promise<void> {
  process.exitCode = await runApplication(group(...services), {
    reactor: createNodeReactor(),
    announce: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
  });
}
