import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import {
  group,
  type ListenerService,
  type Port,
  type Service,
  serve,
  sniff,
  stack,
  tls,
} from '@hawser/core';
import {
  type DynamicZone,
  dnsService,
  dynamicZone,
  dyndns2,
  sqlite,
  type ZoneStore,
} from '@hawser/dns';
import { type HttpHandler, HttpResponse, http, rateLimit, router } from '@hawser/http';
import { acceptFor, keep, MemoryMailbox, smtp } from '@hawser/smtp';
import { authorizedKeys, ssh } from '@hawser/ssh';
import { Group } from '@hawser/websocket';
import { keepCertificate, keepOperatorKey, readToken } from './first-run.ts';
import { guide } from './guide.ts';
import { connectionLines, mailLines } from './office-lines.ts';
import { operatorSession } from './operator-session.ts';
import { stateOf } from './page-rows.ts';
import type { Settings } from './settings.ts';
import { statusPage } from './status-page.ts';

/** Of one network, in ten minutes: guessing is hopeless, and somebody who mistyped is not locked out. */
const WRONG_PASSWORDS = { limit: 20, windowMs: 600_000 } as const;

/**
 * Everything the process does, as one service. Files are opened here, before anything listens, so that a database that
 * is locked or a key that cannot be read stops the start.
 */
export async function dynamicDns(settings: Settings): Promise<Service> {
  const { zone: origin, host, keys } = settings;
  // A folder that cannot be made shows when the database in it is opened, and that error names the file.
  await mkdir(dirname(settings.database), { recursive: true }).catch(() => undefined);
  const store = sqlite(settings.database);
  const zone = await openZone(settings, store);
  const token = await readToken(settings);
  const operator = await keepOperatorKey(keys);
  const watchers = new Group({
    maxMembers: 1_000,
    // What has changed since the page was made, or since it lost its connection.
    joined: (member) => void member.sendJson(stateOf(zone)),
  });
  const mailbox = new MemoryMailbox({ whenFull: 'dropOldest' });

  const web = http(website(zone, { user: settings.user, token: token.kept }), {
    websocket: { '/live': watchers.join },
  });
  const mail = smtp({
    rcptTo: acceptFor(`postmaster@${origin}`, `abuse@${origin}`),
    message: keep(mailbox),
    hostname: origin,
  });
  const shell = ssh({
    hostKeys: keys,
    auth: authorizedKeys(operator.authorizedKeys),
    session: operatorSession({
      zone,
      mail: () => mailLines(mailbox),
      connections: (): string[] => connectionLines([...Object.values(listeners), ...onePort]),
    }),
  });

  const listeners = {
    http: serve(`tcp://${host}:${settings.httpPort}`, web),
    smtp: serve(`tcp://${host}:${settings.smtpPort}`, mail),
    ssh: serve(`tcp://${host}:${settings.sshPort}`, shell),
  };
  const onePort: ListenerService<Port>[] = [];
  if (settings.onePort !== undefined) {
    const encrypted = stack(tls(await keepCertificate(settings)))(
      sniff({ http: web, ssh: shell, silent: mail }),
    );
    const all = sniff({ tls: encrypted, http: web, ssh: shell, silent: mail });
    onePort.push(serve(`tcp://${host}:${settings.onePort}`, all));
  }
  const dns = dnsService(`${host}:${settings.dnsPort}`, zone);

  return group(
    'dynamic-dns',
    keeper(zone, { watchers, close: () => store.close() }),
    dns,
    ...Object.values(listeners),
    ...onePort,
    guide({ settings, dns, listeners, token, operator }),
  );
}

/** The kept zone, or a new one in which the server and its mail can be found. */
async function openZone({ zone: origin, host }: Settings, store: ZoneStore): Promise<DynamicZone> {
  const zone = await dynamicZone(origin, { store });
  const family = isIP(host);
  const isNew = zone.serial === 1;
  if (isNew && family !== 0) {
    await zone.change([
      { name: 'ns1', type: family === 4 ? 'A' : 'AAAA', values: host },
      { name: '@', type: 'MX', values: `10 ns1.${origin}` },
    ]);
  }
  return zone;
}

/** Tells the watchers of changes while it runs, and closes the store at the very end: it is started first. */
function keeper(
  zone: DynamicZone,
  { watchers, close }: { readonly watchers: Group; readonly close: () => Promise<void> },
): Service {
  let watching: Disposable | undefined;
  return {
    name: 'zone',
    async start() {
      watching = zone.on('changed', () => watchers.broadcast(stateOf(zone)));
    },
    async stop() {
      watching?.[Symbol.dispose]();
      await close();
    },
  };
}

function website(
  zone: DynamicZone,
  { user, token }: { readonly user: string; readonly token: string },
): HttpHandler {
  const updates = router()
    .use(rateLimit({ ...WRONG_PASSWORDS, counts: (status) => status === 401, headers: false }))
    .all('/update', dyndns2({ zone, accounts: [{ user, token, hosts: ['*'] }] }));
  return router()
    .mount('/nic', updates)
    .get('/', () => showPage(zone))
    .get('/zone', () => HttpResponse.json(stateOf(zone)));
}

/** Whatever the zone may hold, the browser runs no script but that of the page. */
function showPage(zone: DynamicZone): HttpResponse {
  const nonce = randomBytes(16).toString('base64url');
  const sources = `'self' 'nonce-${nonce}'`;
  return HttpResponse.html(statusPage(stateOf(zone), nonce), {
    headers: {
      'content-security-policy': `default-src ${sources}; base-uri 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
    },
  });
}
