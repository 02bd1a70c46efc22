import { expect, test } from 'vitest';
import type { Port } from '../../src/contract/port.ts';
import {
  type Environment,
  giveBackInherited,
  inheritedDescriptors,
  takeInherited,
} from '../../src/endpoints/inherited-descriptors.ts';
import { exportedDescriptors } from '../../src/node/exported-descriptors.ts';

const pid = String(process.pid);
const where = 'systemd:web';

function namesOf(name: string, env: Environment): readonly number[] {
  return inheritedDescriptors(name, { where, env }).map(({ fd }) => fd);
}

function failure(env: Environment, name = 'web'): unknown {
  try {
    inheritedDescriptors(name, { where, env });
  } catch (error) {
    return error;
  }
  return undefined;
}

test('sockets are found by name and by number, and the variables are gone', () => {
  const env: Environment = {
    LISTEN_PID: pid,
    LISTEN_FDS: '3',
    LISTEN_FDNAMES: 'web:dns:dns',
    PATH: '/bin',
  };
  expect(namesOf('web', env)).toEqual([3]);
  expect(env).toEqual({ PATH: '/bin' });
  expect(namesOf('dns', env)).toEqual([4, 5]);
  expect(namesOf('2', env)).toEqual([5]);
});

test('a socket is given out once, and sockets that share a name one after the other', () => {
  const env: Environment = { LISTEN_PID: pid, LISTEN_FDS: '2', LISTEN_FDNAMES: 'web:web' };
  const [first] = inheritedDescriptors('web', { where, env });
  takeInherited(first, env);
  const [second] = inheritedDescriptors('web', { where, env });
  expect(second.fd).toBe(4);
  takeInherited(second, env);
  expect(failure(env)).toMatchObject({
    code: 'HAWSER_BUSY',
    message: 'Cannot listen on systemd:web as it was listened on already',
  });
  giveBackInherited(first, env);
  expect(namesOf('web', env)).toEqual([3]);
});

test('without names every socket is called unknown, and found by number', () => {
  const env: Environment = { LISTEN_PID: pid, LISTEN_FDS: '1' };
  expect(namesOf('0', env)).toEqual([3]);
  expect(namesOf('unknown', env)).toEqual([3]);
});

test('a process that replaces itself needs no number, and passes the files of Unix sockets on', () => {
  const env: Environment = {
    LISTEN_FDS: '2',
    LISTEN_FDNAMES: 'web:ctl',
    LISTEN_PATHS: ':%2Frun%2Fctl.sock',
    HAWSER_UPGRADE: '1',
  };
  expect(inheritedDescriptors('ctl', { where, env })).toEqual([
    { fd: 4, name: 'ctl', path: '/run/ctl.sock' },
  ]);
  expect(env).toEqual({});
});

test.for<[string, Environment, string]>([
  ['nothing', {}, 'this process was not given any socket, LISTEN_FDS is not set'],
  [
    'sockets for nobody',
    { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
    `LISTEN_FDS is meant for process nobody, LISTEN_PID is not set, and this is ${pid}`,
  ],
  [
    'sockets for another process',
    { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web', LISTEN_PID: '1' },
    `LISTEN_FDS is meant for process 1, and this is ${pid}`,
  ],
  [
    'sockets for another process, and the mark of an upgrade',
    { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web', LISTEN_PID: '1', HAWSER_UPGRADE: '1' },
    `LISTEN_FDS is meant for process 1, and this is ${pid}`,
  ],
  ...['0', '-1', '1e3', '', '3x', '99999'].map((count): [string, Environment, string] => [
    `${JSON.stringify(count)} sockets`,
    { LISTEN_FDS: count, LISTEN_PID: pid },
    `LISTEN_FDS must be a number of sockets: ${JSON.stringify(count)}`,
  ]),
  [
    'more names than sockets',
    { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web:dns', LISTEN_PID: pid },
    'LISTEN_FDNAMES has 2 names for 1 sockets',
  ],
  [
    'another name',
    { LISTEN_FDS: '2', LISTEN_FDNAMES: 'http:dns', LISTEN_PID: pid },
    'no inherited socket is called "web": there are "http", "dns"',
  ],
])('%s: nothing is inherited, the error says why, the variables go', ([, env, why]) => {
  expect(failure(env)).toMatchObject({
    name: 'ListenError',
    code: 'HAWSER_ADDRESS_NOT_AVAILABLE',
    message: `Cannot listen on systemd:web: ${why}`,
  });
  expect(env).toEqual({});
  // What is gone cannot be read again: the answer stays.
  expect(failure(env)).toMatchObject({ message: `Cannot listen on systemd:web: ${why}` });
});

function port(parts: Partial<Port>): Port {
  return { address: { kind: 'tcp', host: '::', port: 80, family: 6 }, ...parts } as Port;
}

test('what is exported is what a successor inherits', () => {
  const web = port({ exportFd: () => 20 });
  const ctl = port({ exportFd: () => 17, address: { kind: 'unix', path: '/run/a:b c.sock' } });
  const { descriptors, env } = exportedDescriptors(
    { web, ctl },
    { PATH: '/bin', LISTEN_PID: '1', LISTEN_FDS: '9' },
  );
  expect(descriptors).toEqual([20, 17]);
  const inherited = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined),
  );
  expect(inheritedDescriptors('ctl', { where, env: inherited })).toEqual([
    { fd: 4, name: 'ctl', path: '/run/a:b c.sock' },
  ]);
  expect(inheritedDescriptors('web', { where, env: inherited })).toEqual([
    { fd: 3, name: 'web', path: '' },
  ]);
  expect(inherited).toEqual({ PATH: '/bin' });
});

test.for(['', '7', 'a:b', 'a b', 'ä'])('a port cannot be exported as %j', (name) => {
  expect(() => exportedDescriptors({ [name]: port({ exportFd: () => 20 }) }, {})).toThrow(
    expect.objectContaining({ name: 'UsageError' }),
  );
});

test('a port that is not of the operating system cannot be exported', () => {
  expect(() => exportedDescriptors({ web: port({}) }, {})).toThrow(
    expect.objectContaining({ code: 'HAWSER_NOT_AVAILABLE' }),
  );
});
