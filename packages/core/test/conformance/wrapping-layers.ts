import { layer } from '../../src/connection/stack.ts';
import type { Layer } from '../../src/contract/layer.ts';
import { proxyProtocol } from '../../src/layers/preamble/proxy-protocol/layer.ts';
import { sendProxyHeader } from '../../src/layers/preamble/proxy-protocol/send.ts';
import { ConversationRecorder, tap } from '../../src/layers/transform/tap.ts';
import { sharedThrottle, throttle } from '../../src/layers/transform/throttle.ts';

const ends = {
  source: { kind: 'tcp', host: '192.0.2.1', port: 56_324, family: 4 },
  destination: { kind: 'tcp', host: '198.51.100.1', port: 443, family: 4 },
} as const;

/** A layer for either side: a harness has the same one at both ends. */
export function bySide(sides: { readonly server: Layer; readonly client: Layer }): Layer {
  const { kind, label } = sides.server;
  return layer({
    kind,
    label,
    build: (inner, incoming) => sides[incoming.side](inner).buildProtocol(incoming),
  });
}

/** The server behind a proxy, and the client as that proxy, which tells the truth where there are addresses. */
export function proxied(version: 1 | 2): Layer {
  return bySide({
    server: proxyProtocol({ trust: ['memory', '127.0.0.1', '192.0.2.1'] }),
    client: sendProxyHeader(({ local, peer }) => ({
      version,
      ...('host' in local ? { source: local, destination: peer } : ends),
    })),
  });
}

export const tapped = (): Layer => tap(new ConversationRecorder().sink);

/** So slow that much has to wait, and so fast that no case has to wait for long. */
export const throttled = (burst = 65_536): Layer =>
  throttle({ readBytesPerSecond: 80_000_000, writeBytesPerSecond: 60_000_000, burst });

export const throttledTogether = (): Layer =>
  sharedThrottle({ readBytesPerSecond: 40_000_000, writeBytesPerSecond: 30_000_000 });
