import type { Address } from '../contract/address.ts';

/** An address as an endpoint string: `tcp://[::1]:80`, `unix:/run/x.sock`, `memory:client`. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'unix':
      return `unix:${address.path}`;
    case 'memory':
      return `memory:${address.name}`;
    case 'tcp':
    case 'udp': {
      const host = address.family === 6 ? `[${address.host}]` : address.host;
      return `${address.kind}://${host}:${address.port}`;
    }
  }
}
