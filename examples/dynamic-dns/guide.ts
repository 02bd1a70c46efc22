import type { Service } from '@hawser/core';
import type { DnsService, ZoneSigning } from '@hawser/dns';
import type { OperatorKey, Token, TsigKeys } from './first-run.ts';
import type { Listening } from './office-lines.ts';
import type { Settings } from './settings.ts';

/** What the guide speaks of. */
export interface GuideParts {
  readonly settings: Settings;
  readonly dns: DnsService;
  readonly signing: ZoneSigning | undefined;
  readonly listeners: Readonly<Record<'http' | 'https' | 'smtp' | 'ssh', Listening>>;
  readonly token: Token;
  readonly apiToken: Token;
  readonly keys: TsigKeys;
  readonly operator: OperatorKey;
}

/** Says what to try, and fresh secrets: it is started last, when the ports are known and nothing else can fail. */
export function guide(parts: GuideParts): Service {
  return {
    name: 'guide',
    async start() {
      await parts.token.keep();
      await parts.apiToken.keep();
    },
    stop: async () => undefined,
    describe: () => [...firstRun(parts), ...delegation(parts), ...commands(parts)],
  };
}

/** Only in the run that made them. */
function firstRun({ settings, token, apiToken, keys, operator }: GuideParts): string[] {
  const made = [
    ...(token.fresh === undefined
      ? []
      : [`  update user   ${settings.user}`, `  password      ${token.fresh}`]),
    ...(apiToken.fresh === undefined ? [] : [`  API token     ${apiToken.fresh}`]),
    ...(keys.fresh ? [`  TSIG key      ${keys.path}`] : []),
    ...(operator.fresh ? [`  operator key  ${operator.privateKey}`] : []),
  ];
  if (made.length === 0) return [];
  const heading = 'First run. Keep this, it is shown once:';
  return ['', heading, ...made, `  host key      ${operator.hostFingerprint}`];
}

/** What makes resolvers believe the signatures. */
function delegation({ settings: { zone }, signing }: GuideParts): string[] {
  if (signing === undefined) return [];
  const lines = signing.ds.map((ds) => `  ${zone}. IN DS ${ds}`);
  return ['', 'The zone is signed. Give this to whoever delegates it:', ...lines];
}

function commands(parts: GuideParts): string[] {
  const { settings, dns, listeners, token, apiToken, keys, operator } = parts;
  const { zone, host, user } = settings;
  const password = token.fresh ?? (settings.token === undefined ? 'PASSWORD' : '"$HAWSER_TOKEN"');
  const bearer =
    apiToken.fresh ?? (settings.apiToken === undefined ? 'TOKEN' : '$HAWSER_API_TOKEN');
  const web = `http://${host}:${portOf(listeners.http)}`;
  const at = `@${host} -p ${dns.address?.port}`;
  const update = `server ${host} ${dns.address?.port}\\nadd lab.${zone} 60 A 192.0.2.8\\nsend\\n`;
  return [
    '',
    'Try:',
    `  dig ${at} home.${zone}`,
    `  curl -u ${user}:${password} '${web}/nic/update?hostname=home.${zone}&myip=192.0.2.7'`,
    `  printf '${update}' | nsupdate -k ${keys.path}`,
    `  dig ${at} ${zone} AXFR -k ${keys.path}`,
    `  curl -H "Authorization: Bearer ${bearer}" ${web}/api/zones/${zone}/records`,
    `  kdig @${host} -p ${dns.tlsAddresses[0]?.port} home.${zone} +tls`,
    `  kdig @${host} -p ${portOf(listeners.https)} home.${zone} +https`,
    `  curl ${web}/metrics`,
    `  ssh -i ${operator.privateKey} -p ${portOf(listeners.ssh)} operator@${host} list`,
    `  swaks --server ${host}:${portOf(listeners.smtp)} --to postmaster@${zone}`,
    `  and open ${web}/ in a browser`,
    '',
    `Serving ${zone} from ${settings.database}. Ctrl-C stops.`,
  ];
}

function portOf({ port }: Listening): number | undefined {
  return port && 'port' in port.address ? port.address.port : undefined;
}
