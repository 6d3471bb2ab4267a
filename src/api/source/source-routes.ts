/** The sources this process runs: how they are, and holding them back. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, SourceControl } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { listOf } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, problems } from '../http/route.ts';

interface NameParams {
  readonly name: string;
}

const tags = ['sources'];
const nameParams = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 255 } },
} as const;

export function registerSourceRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.get(
    '/v1/sources',
    {
      schema: {
        summary: 'List the sources of this process',
        tags,
        response: { 200: listOf('Source', 'Sources.'), ...problems },
      },
    },
    () => ({ items: options.sources().map(presentSource), nextCursor: null }),
  );

  const find = (name: string): SourceControl => {
    const source = options.sources().find(one => one.name === name);
    if (!source) throw new ProblemError('not_found', `This process runs no source ${name}.`);
    return source;
  };
  const note = (request: FastifyRequest, action: string, { name }: SourceControl): Promise<void> =>
    writeAudit(databaseOf(options.store), callerOf(request), { action, objectId: name });
  const schema = (summary: string) => ({
    summary,
    tags,
    params: nameParams,
    response: { 200: answer('Source', 'The source as it is now.'), ...problems },
  });

  app.post<{ Params: NameParams }>(
    '/v1/sources/:name/pause',
    { schema: schema('Take no new messages, in this process, until it is resumed or restarted') },
    async request => {
      const source = find(request.params.name);
      await note(request, 'source.paused', source);
      source.pause();
      return presentSource(source);
    },
  );

  app.post<{ Params: NameParams }>(
    '/v1/sources/:name/resume',
    { schema: schema('Take messages again') },
    async request => {
      const source = find(request.params.name);
      await note(request, 'source.resumed', source);
      source.resume();
      return presentSource(source);
    },
  );
}

export const presentSource = (source: SourceControl) => ({
  name: source.name,
  kind: source.kind,
  ...source.status(),
});
