import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
import { sqlite, zoneSigning } from '@hawser/dns';
import { http } from '@hawser/http';
import { acceptFor, keep, MemoryMailbox, smtp } from '@hawser/smtp';
import { authorizedKeys, ssh } from '@hawser/ssh';
import { Group } from '@hawser/websocket';
import { keepCertificate, keepOperatorKey, keepTsigKeys, readToken } from './first-run.ts';
import { guide } from './guide.ts';
import { keeper, openZone } from './kept-zone.ts';
import { nameServer } from './name-server.ts';
import { connectionLines, mailLines } from './office-lines.ts';
import { operatorSession } from './operator-session.ts';
import { stateOf } from './page-rows.ts';
import type { Settings } from './settings.ts';
import { website } from './website.ts';

/**
 * Everything the process does, as one service. Files are opened here, before anything listens, so that a database that
 * is locked or a key that cannot be read stops the start.
 */
export async function dynamicDns(settings: Settings): Promise<Service> {
  const { zone: origin, host, keys: folder, user } = settings;
  // A folder that cannot be made shows when the database in it is opened, and that error names the file.
  await mkdir(dirname(settings.database), { recursive: true }).catch(() => undefined);
  const store = sqlite(settings.database);
  const signing = settings.sign ? zoneSigning() : undefined;
  const zone = await openZone(settings, { store, signing });
  const token = await readToken(join(folder, 'update-token'), settings.token);
  const apiToken = await readToken(join(folder, 'api-token'), settings.apiToken);
  const keys = await keepTsigKeys(folder, `admin.${origin}`);
  const operator = await keepOperatorKey(folder);
  const certificate = await keepCertificate(settings);
  const names = nameServer(zone, { settings, keys, certificate });
  const watchers = new Group({
    maxMembers: 1_000,
    // What has changed since the page was made, or since it lost its connection.
    joined: (member) => void member.sendJson(stateOf(zone)),
  });
  const mailbox = new MemoryMailbox({ whenFull: 'dropOldest' });

  const tokens = { update: token.kept, api: apiToken.kept };
  const web = http(website(zone, { store, names, user, tokens }), {
    websocket: { '/live': watchers.join },
  });
  const mail = smtp({
    rcptTo: acceptFor(`postmaster@${origin}`, `abuse@${origin}`),
    message: keep(mailbox),
    hostname: origin,
  });
  const shell = ssh({
    hostKeys: folder,
    auth: authorizedKeys(operator.authorizedKeys),
    session: operatorSession({
      zone,
      mail: () => mailLines(mailbox),
      connections: (): string[] => connectionLines([...Object.values(listeners), ...onePort]),
    }),
  });

  const secure = tls({ ...certificate, alpn: ['h2', 'http/1.1'] });
  const listeners = {
    http: serve(`tcp://${host}:${settings.httpPort}`, web),
    https: serve(`tcp://${host}:${settings.httpsPort}`, stack(secure)(web)),
    smtp: serve(`tcp://${host}:${settings.smtpPort}`, mail),
    ssh: serve(`tcp://${host}:${settings.sshPort}`, shell),
  };
  const onePort: ListenerService<Port>[] = [];
  if (settings.onePort !== undefined) {
    const encrypted = stack(tls(certificate))(sniff({ http: web, ssh: shell, silent: mail }));
    const all = sniff({ tls: encrypted, http: web, ssh: shell, silent: mail });
    onePort.push(serve(`tcp://${host}:${settings.onePort}`, all));
  }

  return group(
    'dynamic-dns',
    keeper(zone, { watchers, close: () => store.close() }),
    names.service,
    ...Object.values(listeners),
    ...onePort,
    guide({ settings, dns: names.service, signing, listeners, token, apiToken, keys, operator }),
  );
}
