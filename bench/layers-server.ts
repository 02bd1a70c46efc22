// One of the servers that `layers.ts` compares: an echo behind layers of one kind.
import {
  acceptRate,
  accessLog,
  allowList,
  connectionCounters,
  idleTimeout,
  type Layer,
  lifetime,
  maxConnections,
  perAddress,
  proxyProtocol,
  stack,
  transform,
} from '@hawser/core';
import { echo } from './echo-protocol.ts';
import { serveFactory, serveRaw } from './measured-server.ts';

const HOUR_MS = 3_600_000;
const kinds: Readonly<Record<string, () => readonly Layer[]>> = {
  admission: () => [
    allowList(['127.0.0.0/8']),
    acceptRate({ perSecond: 1_000 }),
    maxConnections(1_000),
    perAddress(1_000),
  ],
  preamble: () => [proxyProtocol({ trust: ['127.0.0.1'] })],
  observer: () => [
    connectionCounters(),
    accessLog(() => undefined),
    idleTimeout(HOUR_MS),
    lifetime(HOUR_MS),
  ],
  transform: () => [transform('pass', () => ({}))],
  'three transforms': () => [1, 2, 3].map((n) => transform(`pass${n}`, () => ({}))),
};

const [mode = ''] = process.argv.slice(2);
if (mode === 'raw') serveRaw((socket) => socket.on('data', (data) => socket.write(data)));
else await serveFactory(stack(...(kinds[mode]?.() ?? []))(echo));
