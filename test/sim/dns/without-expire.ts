import { type DnsHandler, EdnsOption } from '@hawser/dns';

/** In front of a server that does not know how to say for how long a copy is good (RFC 7314). */
export const withoutExpire: DnsHandler = async (query, next) => {
  const outcome = await next(query);
  if (outcome.kind === 'silence' || outcome.options === undefined) return outcome;
  return { ...outcome, options: outcome.options.filter(({ code }) => code !== EdnsOption.Expire) };
};
