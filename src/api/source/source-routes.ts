/** The sources this process runs: list, pause, resume. */
import { Type } from 'typebox';

import { arrayOf, instant, oneOf, text, whole } from '../../event/schema.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, SourceControl, RouteGroup } from '../context.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, listAnswer, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

export const source = Type.Object(
  {
    name: text(),
    kind: text({ example: 'rabbitmq' }),
    state: oneOf(['waiting', 'running', 'paused', 'stopped']),
    reason: Type.Optional(text({ description: 'Why it is waiting.' })),
    lag: Type.Optional(
      whole({
        description:
          'Number of messages on the bus that are not recorded yet; absent while unknown.',
      }),
    ),
    lost: Type.Optional(
      whole({
        description:
          'Number of messages that the bus deleted before they were recorded; absent where the source cannot know.',
      }),
    ),
    warnings: Type.Optional(
      arrayOf(text(), { description: 'What works, but not as the operator will expect.' }),
    ),
    bindingsRestored: Type.Optional(
      Type.Object(
        {
          count: whole({ description: 'Number since the process started.' }),
          at: instant({ description: 'When the last one was made.' }),
          exchange: text(),
          reason: text({ example: 'the exchange had been deleted' }),
        },
        {
          description:
            'Bindings of the queue that had been missing and were made again. What was sent to their exchanges meanwhile is lost.',
        },
      ),
    ),
  },
  { $id: 'Source', description: 'A source as the process that answers sees it.' },
);

const tags = ['sources'];

const control = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description,
  tags,
  params: Type.Object({ name: text({ maxLength: 255, description: 'The name of the source.' }) }),
  response: { 200: answer(source, 'The current state of the source.'), ...problems },
});

const schemas = {
  list: {
    operationId: 'listSources',
    summary: 'List the sources of this process',
    description:
      'A process lists only the sources that it reads itself; with several processes, ask each of them.',
    tags,
    response: { 200: listAnswer(source, 'Sources.'), ...problems },
  },
  pause: control(
    'pauseSource',
    'Pause a source in this process, until it is resumed or the process restarts',
    'What arrives meanwhile waits on the bus; senders of a source of kind `http` get 503.',
  ),
  resume: control(
    'resumeSource',
    'Resume a source',
    'It goes on where it was paused. A source that is not paused stays as it is.',
  ),
};

export const sourceRoutes: RouteGroup = { schemas: [source], register: registerSourceRoutes };

function registerSourceRoutes(app: Routes, options: ApiOptions): void {
  const { store, sources } = options;
  app.get('/v1/sources', { schema: schemas.list }, () => ({
    items: sources().map(presentSource),
    nextCursor: null,
  }));

  app.post('/v1/sources/:name/pause', { schema: schemas.pause }, async request => {
    const found = requireSource(options, request.params.name);
    const change = async () => ({ objectId: found.name });
    await changing(store, callerOf(request), 'source.paused', change);
    found.pause();
    return presentSource(found);
  });

  app.post('/v1/sources/:name/resume', { schema: schemas.resume }, async request => {
    const found = requireSource(options, request.params.name);
    const change = async () => ({ objectId: found.name });
    await changing(store, callerOf(request), 'source.resumed', change);
    found.resume();
    return presentSource(found);
  });
}

/** @throws {ProblemError} not_found */
function requireSource({ sources }: ApiOptions, name: string): SourceControl {
  const found = sources().find(one => one.name === name);
  if (!found) throw new ProblemError('not_found', `This process runs no source ${name}.`);
  return found;
}

export const presentSource = (found: SourceControl) => ({
  name: found.name,
  kind: found.kind,
  ...found.status(),
});
