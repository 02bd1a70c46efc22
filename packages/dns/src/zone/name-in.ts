import { usageError } from '../errors.ts';
import { Name } from '../name.ts';

/**
 * The owner that `text` means in the zone `origin`: whole if it is in the zone or ends with a dot, else relative to the zone;
 * `"@"` is the zone itself.
 * @throws UsageError `HAWSER_DNS_NAME`, `HAWSER_DNS_OUT_OF_ZONE`
 */
export function nameIn(origin: Name, text: string): Name {
  if (text === '@' || text === '') return origin;
  const name = Name.parse(text);
  if (name.isSubdomainOf(origin)) return name;
  if (!text.endsWith('.')) return name.concat(origin);
  throw usageError(
    'HAWSER_DNS_OUT_OF_ZONE',
    `Cannot use "${text.slice(0, 300)}" as it is outside of zone "${origin}"`,
  );
}
