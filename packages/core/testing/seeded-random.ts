export { SeededRandom } from '../src/sim/seeded-random.ts';
