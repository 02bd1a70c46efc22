import type { Factory } from '@hawser/core';

/** One app, on the server it was made for and mounted on ours. */
export interface AppUnderTest {
  readonly plain: Factory;
  readonly mounted: Factory;
  stop(): Promise<void>;
}

/** What every app answers at `/file`. */
export const FILE: string = new URL('./app-under-test.ts', import.meta.url).pathname;

/** What every app answers at `/stream`. */
export const PIECES: readonly string[] = ['one ', 'two ', 'three'];
