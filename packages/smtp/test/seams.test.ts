import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { expect, test } from 'vitest';
import { Engine } from '../src/engine.ts';
import { StrictParser } from '../src/strict-parser.ts';

// The private members of the library that this package replaces or reads. A test that fails here after an upgrade says
// which one to look at again; only then change the version.

const require = createRequire(import.meta.url);

test('the library is the version that was read', () => {
  const own = require('@hawser/smtp/package.json') as { dependencies: Record<string, string> };
  const library = require('smtp-server/package.json') as { version: string };
  expect(own.dependencies['smtp-server']).toBe('3.21.6');
  expect(library.version).toBe('3.21.6');
});

test.each([
  ['init', 0, '_setListeners('],
  ['close', 0, 'this._closeTimer = setTimeout('],
  ['send', 3, "readyState === 'open'"],
  ['connectionReady', 1, 'disableReverseLookup'],
  ['upgrade', 2, 'this._socket.removeAllListeners()'],
  ['handler_EHLO', 2, "_isSupported('AUTH')"],
  ['handler_AUTH', 2, 'allowInsecureAuth'],
  ['_createParser', 0, 'new SMTPStream('],
  ['_setListeners', 1, 'this._armTimeout()'],
  ['_armTimeout', 0, 'socket.setTimeout('],
  ['_onTimeout', 0, 'this._handlerPending'],
  ['_onCommand', 2, 'this._nextHandler'],
  ['_resetSession', 0, 'session.envelope ='],
  ['_isDisabled', 1, 'disabledCommands'],
  ['_onClose', 0, 'this._dataStream'],
] as const)('the session has %s and it works as it did', (name, parameters, part) => {
  const method = SMTPConnection.prototype[name] as (...given: never[]) => unknown;
  expect(method).toBeTypeOf('function');
  expect(method.length).toBe(parameters);
  expect(String(method)).toContain(part);
});

test.each(['_parser', '_socket', '_closing', '_closed', '_upgrading', '_dataStream'] as const)(
  'the session keeps %s',
  (name) => {
    const server = new SMTPServer({ hideSTARTTLS: true, logger: false });
    // A session only looks at its socket here.
    const session = new SMTPConnection(server, new PassThrough() as never, { id: '1' });
    expect(Object.hasOwn(session, name)).toBe(true);
  },
);

test.each([
  ['_write', 3],
  ['startDataMode', 1],
  ['continue', 0],
  ['_flushData', 0],
] as const)('the parser has %s, which is replaced', (name, parameters) => {
  expect(SMTPStream.prototype[name].length).toBe(parameters);
  expect(StrictParser.prototype[name]).not.toBe(SMTPStream.prototype[name]);
});

test.each(['dataBytes', 'isClosed', '_dataMode', '_dataStream', '_maxBytes'] as const)(
  'the parser keeps %s',
  (name) => {
    expect(Object.hasOwn(new SMTPStream(), name)).toBe(true);
  },
);

test.each(['onConnect', 'onSecure', 'onAuth', 'onMailFrom', 'onRcptTo', 'onData'] as const)(
  'a session asks the server by %s',
  (name) => {
    expect(SMTPServer.prototype[name]).toBeTypeOf('function');
    expect(Engine.prototype[name]).not.toBe(SMTPServer.prototype[name]);
  },
);

test('without a certificate of ours there is no certificate, not even a published one', () => {
  const stock = new SMTPServer({ hideSTARTTLS: true, logger: false });
  expect(stock.secureContext.has('*')).toBe(true);
  expect(new Engine({ message: () => undefined }, 'plain').secureContext.size).toBe(0);
  expect(new Engine({ message: () => undefined }, 'tls').secureContext.size).toBe(0);
});
