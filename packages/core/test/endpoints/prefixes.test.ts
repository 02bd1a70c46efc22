import { describe, expect, test } from 'vitest';
import type { ClientEndpoint, ServerEndpoint } from '../../src/contract/endpoint.ts';
import type { Factory } from '../../src/contract/factory.ts';
import { fail } from '../../src/deferred/fail.ts';
import type { EndpointSchemes, PrefixText } from '../../src/endpoints/endpoint-scheme.ts';
import { layerPrefix } from '../../src/endpoints/layer-prefix.ts';
import { integer, names, type OptionKinds } from '../../src/endpoints/option-kind.ts';
import {
  clientSchemes,
  parseClientEndpoint,
  parseServerEndpoint,
  serverSchemes,
} from '../../src/endpoints/parse-endpoint.ts';
import { addPrefix } from '../../src/endpoints/tunnel-text.ts';
import { transform } from '../../src/layers/transform/transform.ts';
import { createTestReactor } from '../../testing/test-reactor.ts';

/** What another package would bring: `ssh+tcp://user@bastion/host:port`. */
class SshEndpoint implements ClientEndpoint {
  readonly inner: ClientEndpoint;
  readonly given: PrefixText;

  constructor(inner: ClientEndpoint, given: PrefixText) {
    this.inner = inner;
    this.given = given;
  }
  connect(): never {
    return expect.unreachable();
  }
  toString(): string {
    const { login, target } = this.given;
    return addPrefix(String(this.inner), { name: 'ssh', login, target });
  }
}

const withSsh: EndpointSchemes<ClientEndpoint> = {
  ...clientSchemes,
  ssh: {
    prefix: {
      optionNames: ['key'],
      tunnel: { defaultPort: 22, login: 'user' },
      wrap: (inner, given) => new SshEndpoint(inner, given),
    },
    over: 'tcp',
  },
};

describe('a prefix of another package', () => {
  test('is given its host, user and options', () => {
    const endpoint = parseClientEndpoint(
      'ssh+tcp://ops@bastion/db.internal:5432?key=id&timeoutMs=9',
      withSsh,
    );
    expect(endpoint).toMatchObject({
      inner: { place: { host: 'bastion', port: 22, timeoutMs: 9 } },
      given: {
        target: { host: 'db.internal', port: 5432 },
        login: { user: 'ops', password: undefined },
        query: [['key', 'id']],
      },
    });
    expect(String(endpoint)).toBe('ssh+tcp://ops@bastion:22/db.internal:5432?timeoutMs=9');
  });

  test('exists only where it was given', () => {
    expect(() => parseClientEndpoint('ssh+tcp://a/b:1')).toThrow('prefix "ssh" is unknown');
    expect(Object.keys(clientSchemes)).not.toContain('ssh');
  });

  test('may have a short form', () => {
    expect(String(parseClientEndpoint('ssh://ops@bastion:2222/db:1', withSsh))).toBe(
      'ssh+tcp://ops@bastion:2222/db:1',
    );
  });

  test('may stand twice, a host each', () => {
    const text = 'ssh+ssh+tcp://a@one:22/b@two:2222/[::1]:80';
    const endpoint = parseClientEndpoint('ssh+ssh://a@one/b@two:2222/[::1]:80', withSsh);
    expect(endpoint).toMatchObject({
      given: { login: { user: 'b' }, target: { host: '::1', port: 80 } },
      inner: { given: { login: { user: 'a' }, target: { host: 'two', port: 2222 } } },
    });
    expect(String(endpoint)).toBe(text);
  });

  test('over a carrier without a host, the target is an option', () => {
    const endpoint = parseClientEndpoint('ssh+unix:/run/s?target=[::1]:80&login=o%2540x', withSsh);
    expect(endpoint).toMatchObject({
      inner: { place: { path: '/run/s' } },
      given: { target: { host: '::1', port: 80 }, login: { user: 'o@x' }, query: [] },
    });
    const text = String(endpoint);
    expect(text).toBe(
      'ssh+unix:/run/s?ssh.target=%5B%3A%3A1%5D:80&ssh.login=o%2540x'.replace('%3A%3A1', '::1'),
    );
    expect(String(parseClientEndpoint(text, withSsh))).toBe(text);
  });

  test('a path that looks like a host is a path', () => {
    expect(parseClientEndpoint('ssh+unix://x/y?target=a:1', withSsh)).toMatchObject({
      inner: { place: { path: '/x/y' } },
      given: { target: { host: 'a', port: 1 } },
    });
  });

  test.each([
    ['ssh+tcp://bastion', 'a host to go on to is missing: write ssh+tcp://proxy:port/host:port'],
    ['ssh+tcp://bastion/', 'a host to go on to is missing: write ssh+tcp://proxy:port/host:port'],
    ['ssh+tcp://bastion/db', 'port is missing'],
    ['ssh+tcp://bastion/:80', 'host to go on to is missing'],
    ['ssh+tcp:///db:80', 'a host to go on to is missing'],
    ['ssh+tcp://bastion/db:1/x:2', 'there are more hosts than tunnels: "/x:2"'],
    ['ssh+tcp://bastion/me@db:1', 'no user may stand before the host'],
    ['ssh+tcp://@bastion/db:1', 'user before "@" is empty'],
    ['ssh+tcp://a%@bastion/db:1', 'user has a broken %-escape: "a%"'],
    ['ssh+tcp://a:secret@bastion/db:1', 'no password may stand before the host'],
    ['ssh+unix:/run/x', 'option "target" is missing: write target=host:port'],
    ['ssh+tcp://a/b:1?target=c:1', 'option "target" is unknown'],
    ['ssh+ssh+tcp://a/b:1/c:1?ssh.key=x', 'option "ssh.key" is ambiguous as "ssh" stands twice'],
    ['ssh+tcp://a/b:1?ssh.kye=x', 'option "ssh.kye" is unknown: did you mean "ssh.key"?'],
    ['tcp+ssh://a/b:1', '"tcp" must be the last name of a scheme'],
    ['shs+tcp://a/b:1', 'prefix "shs" is unknown: did you mean "ssh"?'],
    ['ssh+nowhere:x', 'scheme "nowhere" is unknown'],
    [`${'ssh+'.repeat(9)}tcp://a/b:1`, 'scheme has more than 8 prefixes'],
  ])('%s is refused', (text, why) => {
    const reduced = { ...withSsh };
    expect(() => parseClientEndpoint(text, reduced)).toThrow(why);
  });

  test('a password is not shown in errors', () => {
    expect(() => parseClientEndpoint('ssh+tcp://a:secret@b/c:1', withSsh)).toThrow(
      'Cannot parse endpoint "ssh+tcp://a:***@b/c:1"',
    );
    const option = 'ssh+unix:/x?target=a:1&ssh.login=me%3Asecret&key=1&key=2';
    expect(() => parseClientEndpoint(option, withSsh)).toThrow(
      'Cannot parse endpoint "ssh+unix:/x?target=a:1&ssh.login=***&key=1&key=2"',
    );
  });
});

interface Loud {
  readonly words?: readonly string[] | undefined;
  readonly level?: number | undefined;
}
const LOUD: OptionKinds<Loud> = { words: names, level: integer(1, 11) };

const loud = (name: string): EndpointSchemes<ServerEndpoint>[string] => ({
  prefix: layerPrefix<Loud>({
    name,
    options: LOUD,
    layer: ({ level }) => transform(`${name}(${level})`, () => ({})),
  }),
});
const layered: EndpointSchemes<ServerEndpoint> = {
  ...serverSchemes,
  loud: loud('loud'),
  soft: loud('soft'),
};

describe('a layer as a prefix', () => {
  test('the left one is nearest the wire, and each has its options', () => {
    const text = 'loud+soft+tcp://:80?loud.level=11&soft.level=2&backlog=5';
    const endpoint = parseServerEndpoint(text, layered);
    const asked: unknown[] = [];
    const reactor = createTestReactor({
      tcp: {
        listen(options, factory) {
          asked.push(options, (factory as Factory).name);
          return fail(new Error('not really'));
        },
        connect: () => expect.unreachable(),
      },
    });
    const app: Factory = { name: 'app', buildProtocol: () => undefined };
    void endpoint.listen(reactor, app);
    expect(asked).toEqual([
      { port: 80, backlog: 5, signal: undefined },
      'loud(11) > soft(2) > app',
    ]);
    expect(String(endpoint)).toBe('loud+soft+tcp://:80?backlog=5&loud.level=11&soft.level=2');
  });

  test('a bare option goes to whoever knows it, the carrier first', () => {
    const endpoint = parseServerEndpoint('loud+unix:/x?level=3&mode=600', layered);
    expect(String(endpoint)).toBe('loud+unix:/x?mode=600&loud.level=3');
  });

  test.each([
    [
      'loud+soft+tcp://:1?level=1',
      'option "level" is ambiguous: write "loud.level" or "soft.level"',
    ],
    ['loud+tcp://:1?loud.level=12', 'option "level" must be 1 to 11: "12"'],
    ['loud+tcp://:1?level=1&loud.level=2', 'option "level" is given twice'],
    ['loud+tcp://:1?soft.level=2', 'option "soft.level" is for "soft", which is not in "loud+tcp"'],
    ['loud+tcp://:1?lvel=2', 'option "lvel" is unknown: did you mean "loud.level"?'],
    ['loud+tcp://:1?words=a,,b', 'option "words" must be names with commas between: "a,,b"'],
    ['loud://:1', '"loud" stands around another: write loud+tcp'],
    ['lod+tcp://:1', 'prefix "lod" is unknown: did you mean "loud"?'],
  ])('%s is refused', (text, why) => {
    expect(() => parseServerEndpoint(text, layered)).toThrow(why);
  });

  test('a layer that cannot be made fails the listening', async () => {
    const broken = layerPrefix<Loud>({
      name: 'loud',
      options: LOUD,
      layer: () => {
        throw new Error('no such file');
      },
    });
    const schemes = { ...layered, loud: { prefix: broken } };
    const endpoint = parseServerEndpoint('loud+tcp://:1', schemes);
    await expect(endpoint.listen(createTestReactor(), () => undefined)).rejects.toThrow(
      'no such file',
    );
  });
});
