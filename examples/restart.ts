/**
 * Replaces itself on SIGHUP, with a new version of the program if there is one, and loses no connection on the way.
 *
 *     npm run example examples/restart.ts
 *     nc 127.0.0.1 7004
 *     kill -HUP <the number it greets with>
 */
import {
  createNodeReactor,
  exportedDescriptors,
  group,
  isInherited,
  runApplication,
  type Service,
  serve,
  streaming,
} from '@hawser/core';

const reactor = createNodeReactor();
const echo = streaming(async function echo(conn) {
  await conn.write(`${process.pid}\n`);
  for await (const line of conn.lines({ max: 1024 })) await conn.write(`${line}\n`);
});

const [endpoint = 'tcp://127.0.0.1:7004'] = process.argv.slice(2);
const server = serve(isInherited('echo') ? 'systemd:echo' : endpoint, echo);

reactor.lifecycle.onSignal('SIGHUP', () => {
  if (!server.port) return;
  const { descriptors, env } = exportedDescriptors({ echo: server.port });
  const options = {
    command: process.execPath,
    args: [...process.execArgv, ...process.argv.slice(1)],
    descriptors,
    env: { ...env, PREDECESSOR: String(process.pid) },
    // It outlives this process, and prints where this one does.
    detached: true,
    out: 'inherit',
    err: 'inherit',
  } as const;
  const successor = reactor.process.spawn(options, {});
  successor.addErrback((error) => reactor.reports.problem('successor', error));
});

// It listens: now its predecessor may stop accepting, finish its work and go.
const ready: Service = {
  name: 'ready',
  async start() {
    if (process.env['PREDECESSOR'] === String(process.ppid)) process.kill(process.ppid, 'SIGTERM');
  },
  async stop() {},
};
process.exitCode = await runApplication(group(server, ready), {
  reactor,
  announce: (line) => void process.stdout.write(`${line}\n`),
});
