import { expect, test } from 'vitest';
import { group } from '../../src/services/group.ts';
import { resourceService } from '../../src/services/resource-service.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';
import { recordingService } from './recording-service.ts';

test('a resource is closed after what stands behind it, once', async () => {
  const log: string[] = [];
  const database = resourceService('database', () => void log.push('database closed'));
  const all = group(database, recordingService('server', log));
  await all.start(createTestReactor());
  await all.stop();
  await database.stop();
  expect(log).toEqual(['server start', 'server stop', 'database closed']);
});

test('a resource that cannot be closed says so', async () => {
  const database = resourceService('database', () => {
    throw new Error('disk full');
  });
  await expect(database.stop()).rejects.toThrow('disk full');
});

test('closing is waited for', async () => {
  let close = (): void => undefined;
  const database = resourceService(
    'database',
    () => new Promise<void>((done) => void (close = done)),
  );
  let over = false;
  const stopped = Promise.resolve(database.stop()).then(() => {
    over = true;
  });
  await Promise.resolve();
  expect(over).toBe(false);
  close();
  await stopped;
});
