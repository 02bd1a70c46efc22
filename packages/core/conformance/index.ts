export {
  type Capability,
  type ConformanceCase,
  type ConformanceHarness,
  isApplicable,
} from './conformance-case.ts';
export { duplexConformance } from './duplex.ts';
export { layerConformance } from './layer.ts';
export type { LayerConformanceCase, LayerHarness } from './layer-case.ts';
export { transportConformance } from './transport.ts';
