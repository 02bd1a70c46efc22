import { expect, test, vi } from 'vitest';
import { DescriptorKindError } from '../../src/connection/descriptor-kind-error.ts';
import type { Port } from '../../src/contract/port.ts';
import type { Reactor } from '../../src/contract/reactor.ts';
import type { TcpListenOptions, UnixListenOptions } from '../../src/contract/tcp.ts';
import type { DatagramPort, UdpBindOptions } from '../../src/contract/udp.ts';
import { Deferred } from '../../src/deferred/deferred.ts';
import { fail } from '../../src/deferred/fail.ts';
import {
  DescriptorEndpoint,
  parseUdpDescriptor,
  UdpDescriptorEndpoint,
} from '../../src/endpoints/descriptor-endpoint.ts';
import { isInherited } from '../../src/endpoints/inherited-descriptors.ts';
import { parseServerEndpoint } from '../../src/endpoints/parse-endpoint.ts';
import { ListenError } from '../../src/errors.ts';

test.for([
  'fd:3',
  'fd:17?backlog=5&noDelay=false',
  'systemd:web',
  'systemd:0',
  'systemd:my-app.socket?maxPendingBytes=1000',
  'systemd:a%3Fb',
])('%s is an endpoint, and prints as it was', (text) => {
  const endpoint = parseServerEndpoint(text);
  expect(endpoint).toBeInstanceOf(DescriptorEndpoint);
  expect(String(endpoint)).toBe(text);
});

test.for(['fd:3', 'systemd:dns?maxSendQueueBytes=1'])('%s is one for UDP', (text) => {
  const endpoint = parseUdpDescriptor(text);
  expect(endpoint).toBeInstanceOf(UdpDescriptorEndpoint);
  expect(String(endpoint)).toBe(text);
});

test.for([
  ['fd:2', 'descriptor must be a number from 3: "2"'],
  ['fd:web', 'descriptor must be a number from 3: "web"'],
  ['fd:-3', 'descriptor must be a number from 3: "-3"'],
  ['fd:', 'descriptor must be a number from 3: ""'],
  ['systemd:', 'name is missing: write systemd:web'],
  ['systemd:a:b', 'name must be ASCII without colons: "a:b"'],
  ['systemd:web?port=80', 'option "port" is unknown'],
  ['fd:3?maxSendQueueBytes=1', 'option "maxSendQueueBytes" is unknown'],
] as const)('%s is refused, and the part that is wrong is named', ([text, why]) => {
  expect(() => parseServerEndpoint(text)).toThrow(
    expect.objectContaining({ code: 'HAWSER_BAD_ENDPOINT', message: expect.stringContaining(why) }),
  );
});

/** A reactor whose descriptors are of the kinds that a test says. */
function setUp(kinds: Readonly<Record<number, 'tcp' | 'unix' | 'udp'>>) {
  const asked: string[] = [];
  const listen =
    (kind: 'tcp' | 'unix') =>
    ({ fd = -1, ...rest }: TcpListenOptions | UnixListenOptions): Deferred<Port> => {
      asked.push(`${kind} ${fd}${'path' in rest ? ` ${rest.path}` : ''}`);
      if (kinds[fd] !== kind)
        return fail(new DescriptorKindError('HAWSER_LISTEN', `${kind} ${fd}`));
      const port = new Deferred<Port>();
      port.resolve({} as Port);
      return port;
    };
  const reactor = { tcp: { listen: listen('tcp') }, unix: { listen: listen('unix') } };
  return { asked, reactor: reactor as unknown as Reactor };
}

const nothing = () => ({ dataReceived: () => undefined });

test('a descriptor is tried as TCP, then as Unix socket, and the last failure is told', async () => {
  const { reactor, asked } = setUp({ 3: 'tcp', 4: 'unix', 5: 'udp' });
  for (const fd of [3, 4]) await new DescriptorEndpoint({ fd }).listen(reactor, nothing);
  expect(asked).toEqual(['tcp 3', 'tcp 4', 'unix 4 ']);
  await expect(new DescriptorEndpoint({ fd: 5 }).listen(reactor, nothing)).rejects.toThrow(
    'unix 5',
  );
});

test('of the sockets with one name each endpoint takes the first of its kind that is left', async () => {
  const { reactor, asked } = setUp({ 3: 'udp', 4: 'tcp', 5: 'unix' });
  // What was read of an environment is remembered, so the test has one of its own.
  vi.spyOn(process, 'env', 'get').mockReturnValue({
    LISTEN_PID: String(process.pid),
    LISTEN_FDS: '4',
    LISTEN_FDNAMES: 'dns:dns:dns:broken',
    LISTEN_PATHS: '::%2Frun%2Fdns:%zz',
  });
  expect([isInherited('dns'), isInherited('3'), isInherited('web')]).toEqual([true, true, false]);
  const endpoint = new DescriptorEndpoint({ name: 'dns' });
  await endpoint.listen(reactor, nothing);
  await endpoint.listen(reactor, nothing);
  expect(asked).toEqual([
    'tcp 3',
    'unix 3 ',
    'tcp 4',
    'tcp 3',
    'unix 3 ',
    'tcp 5',
    'unix 5 /run/dns',
  ]);
  // What is of another kind was not touched, and is still there for UDP.
  await expect(endpoint.listen(reactor, nothing)).rejects.toBeInstanceOf(DescriptorKindError);
  const bound: UdpBindOptions[] = [];
  const udp = {
    bind(options: UdpBindOptions) {
      bound.push(options);
      return new Deferred<DatagramPort>();
    },
  };
  const datagrams = new UdpDescriptorEndpoint({ name: 'dns', maxSendQueueBytes: 9 });
  void datagrams.bind({ udp }, { datagramReceived: () => undefined });
  expect(bound).toEqual([{ fd: 3, port: 0, maxSendQueueBytes: 9 }]);
  const broken = {
    tcp: { listen: () => fail(new ListenError('HAWSER_LISTEN', 'of the system')) },
  } as unknown as Reactor;
  const lost = new DescriptorEndpoint({ name: 'broken' });
  await expect(lost.listen(broken, nothing)).rejects.toThrow('of the system');
  await expect(lost.listen(reactor, nothing)).rejects.toMatchObject({ code: 'HAWSER_BUSY' });
});
