export {
  type Capability,
  type ConformanceCase,
  type ConformanceHarness,
  isApplicable,
} from './conformance-case.ts';
export { datagramConformance } from './datagram.ts';
export { duplexConformance } from './duplex.ts';
export { layerConformance } from './layer.ts';
export type { LayerConformanceCase, LayerHarness } from './layer-case.ts';
export { reactorConformance } from './reactor.ts';
export type { ReactorCapability, ReactorCase, ReactorHarness } from './reactor-harness.ts';
export { transportConformance } from './transport.ts';
