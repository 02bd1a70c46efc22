// What a name holds after its n-th change: known to who changes it and to who checks it.

/** Writers of one process. Each has names of its own, so that at most one change of a name is under way. */
export const WRITERS = 20;
/** Names of one writer. */
export const NAMES = 5;

/** One line of a program that changes a zone: a change that was acknowledged. */
export interface Acknowledged {
  readonly name: string;
  readonly change: number;
  readonly serial: number;
}

export function nameOf(writer: number, index: number): string {
  return `w${writer}-${index}`;
}

/** The values of the TXT record after that many changes; undefined if there is none. */
export function valuesAfter(name: string, change: number): readonly string[] | undefined {
  if (change === 0 || change % 7 === 3) return undefined;
  return Array.from({ length: 1 + (change % 3) }, (_, index) => `${name} ${change} ${index}`);
}

/** True if the record is one that goes by itself, in an hour. */
export function isLeased(change: number): boolean {
  return change % 4 === 1;
}

/** How many changes a name has seen, by what it holds; undefined where nothing is left to tell. */
export function changeOf(values: readonly string[]): number {
  return Number(values[0]?.split(' ')[1]);
}
