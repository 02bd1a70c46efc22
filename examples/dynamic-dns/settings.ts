import { parseArgs } from 'node:util';
import { UsageError } from '@hawser/core';

/** Everything that can be told to the server, each by a flag or by the environment. */
export interface Settings {
  readonly zone: string;
  readonly host: string;
  readonly database: string;
  /** Folder for the keys and credentials that the first run makes. */
  readonly keys: string;
  readonly dnsPort: number;
  /** DNS over TLS. */
  readonly dotPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly smtpPort: number;
  readonly sshPort: number;
  /** Besides the others, one port for HTTP, WebSocket, TLS, SSH and SMTP together. */
  readonly onePort: number | undefined;
  readonly user: string;
  /** Password of the update user. Without it the first run makes one and keeps its hash. */
  readonly token: string | undefined;
  /** Token of programs that use the record API. Without it the first run makes one and keeps its hash. */
  readonly apiToken: string | undefined;
  /** Servers that have copies of the zone, and are told of each change. */
  readonly secondaries: readonly string[];
  /** The zone is kept signed (DNSSEC), with a key in the database. */
  readonly sign: boolean;
  /** PEM files for TLS. Without them the first run makes a self-signed pair. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const flags = [
  ['zone', 'NAME', 'HAWSER_ZONE', 'dyn.test', 'the zone that is served'],
  ['host', 'ADDRESS', 'HAWSER_HOST', '127.0.0.1', 'the address everything listens on'],
  ['database', 'PATH', 'HAWSER_DATABASE', 'data/dynamic-dns.db', 'the SQLite file of the zone'],
  ['keys', 'PATH', 'HAWSER_KEYS', 'beside the database', 'folder of keys and credentials'],
  ['dns-port', 'PORT', 'HAWSER_DNS_PORT', '5353', 'DNS, on UDP and TCP'],
  ['dot-port', 'PORT', 'HAWSER_DOT_PORT', '8853', 'DNS over TLS'],
  ['http-port', 'PORT', 'HAWSER_HTTP_PORT', '8053', 'updates, the record API and the status page'],
  ['https-port', 'PORT', 'HAWSER_HTTPS_PORT', '8443', 'the same within TLS, and DNS over HTTPS'],
  ['smtp-port', 'PORT', 'HAWSER_SMTP_PORT', '2525', 'mail for postmaster@ and abuse@'],
  ['ssh-port', 'PORT', 'HAWSER_SSH_PORT', '2222', 'the operator'],
  [
    'one-port',
    'PORT',
    'HAWSER_ONE_PORT',
    'off',
    'HTTP, WebSocket, TLS, SSH and SMTP on one port besides',
  ],
  ['user', 'NAME', 'HAWSER_USER', 'dyn', 'name of the update user'],
  ['token', 'TEXT', 'HAWSER_TOKEN', 'made once', 'password of the update user'],
  ['api-token', 'TEXT', 'HAWSER_API_TOKEN', 'made once', 'token of the record API'],
  [
    'secondaries',
    'LIST',
    'HAWSER_SECONDARIES',
    'none',
    'servers with copies: 192.0.2.53,192.0.2.54',
  ],
  ['sign', 'on|off', 'HAWSER_SIGN', 'off', 'DNSSEC: the zone is kept signed'],
  ['cert', 'PATH', 'HAWSER_CERT', 'made once', 'certificate for TLS (PEM)'],
  ['key', 'PATH', 'HAWSER_KEY', 'made once', 'its private key (PEM)'],
] as const;

type Flag = (typeof flags)[number][0];

/** The text of `--help`. */
export const help = `A dynamic DNS server: DNS, HTTP, WebSocket, SMTP and SSH in one process, sharing one zone.

Usage: npm start -- [flags]

${flags
  .map(
    ([name, value, variable, standard, meaning]) =>
      `  ${`--${name} ${value}`.padEnd(20)} ${variable.padEnd(18)} ${meaning} (${standard})`,
  )
  .join('\n')}
  --help                                  this text
`;

/**
 * Reads the command line, then the environment, then the defaults. Gives `undefined` when help was asked for.
 * @throws UsageError `HAWSER_BAD_SETTING` naming the flag
 */
export function readSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Settings | undefined {
  const values = parse(args);
  if (values['help'] === true) return undefined;

  const given = (flag: Flag): string | undefined => {
    const variable = flags.find(([name]) => name === flag)?.[2] ?? '';
    const value = values[flag] ?? environment[variable];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const port = (flag: Flag, standard: string): number => {
    const text = given(flag) ?? standard;
    const number = Number(text);
    if (/^\d{1,5}$/.test(text) && number <= 65_535) return number;
    throw bad(`Cannot use --${flag} as a port must be 0 to 65535: "${text}"`);
  };

  const sign = given('sign') ?? 'off';
  if (sign !== 'on' && sign !== 'off')
    throw bad(`Cannot use --sign as it must be on or off: "${sign}"`);
  const database = given('database') ?? 'data/dynamic-dns.db';
  const cert = given('cert');
  const key = given('key');
  if ((cert === undefined) !== (key === undefined)) {
    throw bad(`Cannot use --${cert ? 'cert' : 'key'} alone as TLS needs --cert and --key`);
  }
  return {
    zone: given('zone') ?? 'dyn.test',
    host: given('host') ?? '127.0.0.1',
    database,
    keys: given('keys') ?? folderOf(database),
    dnsPort: port('dns-port', '5353'),
    dotPort: port('dot-port', '8853'),
    httpPort: port('http-port', '8053'),
    httpsPort: port('https-port', '8443'),
    smtpPort: port('smtp-port', '2525'),
    sshPort: port('ssh-port', '2222'),
    onePort: given('one-port') === undefined ? undefined : port('one-port', ''),
    user: given('user') ?? 'dyn',
    token: given('token'),
    apiToken: given('api-token'),
    secondaries: (given('secondaries') ?? '').split(',').filter((each) => each !== ''),
    sign: sign === 'on',
    cert,
    key,
  };
}

function parse(args: readonly string[]): Record<string, string | boolean | undefined> {
  const options: Record<string, { type: 'string' | 'boolean' }> = { help: { type: 'boolean' } };
  for (const [name] of flags) options[name] = { type: 'string' };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw bad(`${(error as Error).message}. See --help`, error);
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : '.';
}

function bad(message: string, cause?: unknown): UsageError<'HAWSER_BAD_SETTING'> {
  return new UsageError('HAWSER_BAD_SETTING', message, { cause });
}
