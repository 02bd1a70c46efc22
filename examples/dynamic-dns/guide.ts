import type { Service } from '@hawser/core';
import type { DnsService } from '@hawser/dns';
import type { OperatorKey, Token } from './first-run.ts';
import type { Listening } from './office-lines.ts';
import type { Settings } from './settings.ts';

/** What the guide speaks of. */
export interface GuideParts {
  readonly settings: Settings;
  readonly dns: DnsService;
  readonly listeners: Readonly<Record<'http' | 'smtp' | 'ssh', Listening>>;
  readonly token: Token;
  readonly operator: OperatorKey;
}

/** Says what to try, and a fresh password: it is started last, when the ports are known and nothing else can fail. */
export function guide(parts: GuideParts): Service {
  return {
    name: 'guide',
    start: () => parts.token.keep(),
    stop: async () => undefined,
    describe: () => [...firstRun(parts), ...commands(parts)],
  };
}

/** Only in the run that made them. */
function firstRun({ settings, token, operator }: GuideParts): string[] {
  if (token.fresh === undefined && !operator.fresh) return [];
  return [
    '',
    'First run. Keep this, it is shown once:',
    ...(token.fresh === undefined
      ? []
      : [`  update user   ${settings.user}`, `  password      ${token.fresh}`]),
    ...(operator.fresh ? [`  operator key  ${operator.privateKey}`] : []),
    `  host key      ${operator.hostFingerprint}`,
  ];
}

function commands({ settings, dns, listeners, token, operator }: GuideParts): string[] {
  const { zone, host, user } = settings;
  const password = token.fresh ?? (settings.token === undefined ? 'PASSWORD' : '"$HAWSER_TOKEN"');
  const web = `http://${host}:${portOf(listeners.http)}`;
  return [
    '',
    'Try:',
    `  dig @${host} -p ${dns.address?.port} home.${zone}`,
    `  curl -u ${user}:${password} '${web}/nic/update?hostname=home.${zone}&myip=192.0.2.7'`,
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
