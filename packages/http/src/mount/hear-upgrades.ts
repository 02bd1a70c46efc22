import type { IncomingMessage, Server } from 'node:http';

/**
 * Calls back before somebody takes an upgrade, for as long as anybody would: to node, a listener of 'upgrade' is one that
 * takes all of them, and without one it answers such a request as any other. Once for a server.
 */
export function hearUpgrades(server: Server, heard: (request: IncomingMessage) => void): void {
  const listener = (request: IncomingMessage): void => heard(request);
  const takes = (other: unknown): boolean => other !== listener;
  const hear = (): void => {
    if (!server.listeners('upgrade').includes(listener)) {
      server.prependListener('upgrade', listener);
    }
  };
  if (server.listenerCount('upgrade') > 0) hear();
  server.on('newListener', (event, added: unknown) => {
    if (event === 'upgrade' && takes(added)) hear();
  });
  server.on('removeListener', (event) => {
    if (event === 'upgrade' && !server.listeners('upgrade').some(takes)) {
      server.off('upgrade', listener);
    }
  });
}
