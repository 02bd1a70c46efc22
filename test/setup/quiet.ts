import { format } from 'node:util';
import { afterAll, afterEach } from 'vitest';

// A test that prints or causes a warning of the process fails: the library never logs, and a warning such as
// MaxListenersExceededWarning is a leak. A test that expects console output replaces the method with `vi.spyOn`.

const heard: string[] = [];

for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
  console[method] = (...values: unknown[]): void => {
    heard.push(`console.${method}: ${format(...values)}`);
  };
}

const onWarning = (warning: Error): void => {
  if (warning.name !== 'ExperimentalWarning') heard.push(`${warning.name}: ${warning.message}`);
};
process.on('warning', onWarning);
// Files may share a process; each has this setup of its own.
afterAll(() => void process.off('warning', onWarning));

afterEach(() => {
  const noise = heard.splice(0);
  if (noise.length > 0)
    throw new Error(`A test must be quiet, but there was:\n${noise.join('\n')}`);
});
