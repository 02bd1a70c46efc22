import type { Lease } from './zone-store.ts';

/** Equal for the same record: its type, its name without case, its data octet for octet. */
export function leaseId({ name, type, rdata }: Omit<Lease, 'expires'>): string {
  return `${type}/${name.key}${Buffer.from(rdata).toString('latin1')}`;
}
