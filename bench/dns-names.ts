/** The names that `dns.ts` asks for and its servers know. */
export const ZONE = 'bench.test';
export const HOSTS = 1000;
/** Many more than answers are kept for. */
export const MANY_HOSTS = 100_000;

export function hostName(index: number): string {
  return `host-${index}.${ZONE}`;
}

export function hostAddress(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

/** The same as a zone file. */
export function zoneText(hosts: number): string {
  const head = `$ORIGIN ${ZONE}.\n$TTL 60\n@ SOA ns hostmaster 1 7200 900 1209600 60\n@ NS ns\nns A 192.0.2.1\n`;
  const lines = Array.from(
    { length: hosts },
    (_, index) => `host-${index} A ${hostAddress(index)}`,
  );
  return `${head}${lines.join('\n')}\n`;
}
