import dgram from 'node:dgram';
import net from 'node:net';
import { afterEach } from 'vitest';

// A unit test opens no socket. An attempt throws, and fails the test even where the throw is caught on its way.

const attempts: string[] = [];

function forbid(owner: object, name: string, method: string): void {
  Object.defineProperty(owner, method, {
    configurable: true,
    value: (): never => {
      attempts.push(`${name}.${method}()`);
      throw new Error(
        `Cannot call ${name}.${method} as a unit test opens no socket; name the file *.real.test.ts`,
      );
    },
  });
}

forbid(net.Server.prototype, 'net.Server', 'listen');
forbid(net.Socket.prototype, 'net.Socket', 'connect');
for (const method of ['bind', 'connect', 'send'])
  forbid(dgram.Socket.prototype, 'dgram.Socket', method);

afterEach(() => {
  const opened = attempts.splice(0);
  if (opened.length > 0)
    throw new Error(`A unit test must open no socket, but called ${opened.join(', ')}`);
});
