import { AddressSet } from '../connection/address-set.ts';
import type { ServerEndpoint } from '../contract/endpoint.ts';
import { proxyProtocol } from '../layers/preamble/proxy-protocol/layer.ts';
import type { EndpointScheme } from './endpoint-scheme.ts';
import { layerPrefix } from './layer-prefix.ts';
import { boolean, integer, type OptionKind, type OptionKinds } from './option-kind.ts';

interface ProxyDetails {
  readonly trust: readonly string[];
  readonly timeoutMs?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly required?: boolean | undefined;
}

const networks: OptionKind<readonly string[]> = {
  rule: 'addresses, networks or "unix" with commas between',
  parse(text) {
    const list = text.split(',');
    const set = new AddressSet();
    try {
      for (const entry of list) set.add(entry);
    } catch {
      return undefined;
    }
    return list;
  },
  format: (value) => value.join(','),
};

const OPTIONS: OptionKinds<ProxyDetails> = {
  trust: networks,
  timeoutMs: integer(1),
  maxBytes: integer(16, 65_551),
  required: boolean,
};

/** The prefix `proxy+`: the layer `proxyProtocol`. `proxy+tcp://:25?proxy.trust=10.0.0.0/8,unix`. */
export const proxyScheme: EndpointScheme<ServerEndpoint> = {
  prefix: layerPrefix<ProxyDetails>({
    name: 'proxy',
    options: OPTIONS,
    required: ['trust'],
    layer: (options) => proxyProtocol(options),
  }),
};
