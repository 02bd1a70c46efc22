export {
  type Capability,
  type ConformanceCase,
  type ConformanceHarness,
  isApplicable,
} from './conformance-case.ts';
export { duplexConformance } from './duplex.ts';
export { transportConformance } from './transport.ts';
