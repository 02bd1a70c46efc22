import type { Service } from '../contract/service.ts';

/**
 * Something that is open already and has to be closed at the end, such as a database. In a group it stands before what needs
 * it, and so is closed after that has stopped.
 *
 * @example
 * const database = open('notes.db');
 * await run(resourceService('database', () => database.close()), serve('tcp://:8080', http(app)));
 */
export function resourceService(name: string, close: () => void | PromiseLike<void>): Service {
  let closed: Promise<void> | undefined;
  return {
    name,
    async start() {},
    stop() {
      // Once, as what it closes cannot be opened again here.
      closed ??= (async () => close())();
      return closed;
    },
  };
}
