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
  isInherited,
  runApplication,
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
  const options = {
    command: process.execPath,
    args: [...process.execArgv, ...process.argv.slice(1)],
    ...exportedDescriptors({ echo: server.port }),
  };
  const successor = reactor.process.spawn(options, {
    // It says where it listens, so it does: now this process may stop accepting, finish its work and go.
    outReceived: () => reactor.lifecycle.requestStop(),
    errReceived: (data) => void process.stderr.write(data),
  });
  successor.addErrback((error) => reactor.reports.problem('successor', error));
});

// Whoever reads what this process prints may go before it does: its predecessor, above all.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
const code = await runApplication(server, {
  reactor,
  announce: (line) => void process.stdout.write(`${line}\n`),
});
// The successor is a child of this process, which node would wait for.
process.exit(code);
