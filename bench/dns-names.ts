/** The names that `dns.ts` asks for and its servers know. */
export const ZONE = 'bench.test';
export const HOSTS = 1000;

export function hostName(index: number): string {
  return `host-${index}.${ZONE}`;
}

export function hostAddress(index: number): string {
  return `192.0.${index >> 8}.${index & 255}`;
}
