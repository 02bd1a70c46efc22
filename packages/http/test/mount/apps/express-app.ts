import type { ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { http, nodeApp } from '../../../src/index.ts';
import { plainNode } from '../mount-world.ts';
import { type AppUnderTest, FILE, PIECES } from './app-under-test.ts';

export function expressApp(): AppUnderTest {
  return {
    plain: plainNode(makeExpress()),
    mounted: http(nodeApp(makeExpress())),
    stop: async () => undefined,
  };
}

/** The app alone. */
export function makeExpress(): Express {
  const app = express();
  app.use(express.json({ limit: '1kb' }), express.urlencoded({ extended: false }));
  app.get('/text', (_, response) => void response.send('hello'));
  app.post('/json', (request, response) => void response.status(201).json({ got: request.body }));
  app.post('/form', (request, response) => void response.json(request.body));
  app.post('/upload', (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => void response.json({ bytes }));
  });
  app.post('/unread', (_, response) => void response.status(403).send('no'));
  app.get('/stream', (_, response) => {
    response.type('text/plain');
    Readable.from(PIECES).pipe(response);
  });
  app.get('/file', (_, response) => response.sendFile(FILE, { cacheControl: false }));
  app.use('/static', express.static(dirname(FILE), { setHeaders: hide }));
  app.get('/empty', (_, response) => void response.status(204).end());
  app.get('/redirect', (_, response) => response.redirect('/text'));
  app.get('/cookies', (_, response) => {
    response.cookie('a', '1', { httpOnly: true }).cookie('b', '2').sendStatus(200);
  });
  app.get('/throws', () => {
    throw Object.assign(new Error('thrown'), { status: 418 });
  });
  app.get('/rejects', async () => {
    await Promise.resolve();
    throw new Error('rejected');
  });
  app.get('/who', (request, response) => {
    const { protocol, hostname, path, query, originalUrl, secure, xhr, ip } = request;
    response.json({ protocol, hostname, path, query, originalUrl, secure, xhr, ip: typeof ip });
  });
  const router = express.Router();
  router.get('/x', (request, response) => {
    response.send(`${request.baseUrl} ${request.url} ${request.originalUrl}`);
  });
  app.use('/sub', router);
  const failed: ErrorRequestHandler = (
    error: { status?: number; message: string },
    _,
    response,
    next,
  ) => {
    if (response.headersSent) next(error);
    else response.status(error.status ?? 500).send(error.message);
  };
  app.use(failed);
  return app;
}

function hide(response: ServerResponse): void {
  response.setHeader('x-static', '1');
}
