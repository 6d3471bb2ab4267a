/** How far the directory is in step with the cloud, syncing it now, and the accounts nobody knows. */
import { Type } from 'typebox';

import { unknownAccountsMax } from '../../directory/unknown-accounts.ts';
import { databaseOf } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import { listUnknown } from '../../store/directory/unknown-account.ts';
import { findDirectoryStatus, requestSync } from '../../store/directory/sync-state.ts';
import type { DirectoryStatus } from '../../store/directory/sync-state.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { ProblemError } from '../http/problem.ts';
import { changing } from '../http/changing.ts';
import { answer, closed, defaulted, listAnswer, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { count, flag, instant, nullable, oneOf, real, text, whole } from '../../event/schema.ts';

export const directoryKind = oneOf(['cloudstack', 'keystone']);

const directoryStatus = Type.Object(
  {
    kind: directoryKind,
    nextAt: instant({ description: 'When it is read anew.' }),
    attemptedAt: nullable(instant()),
    syncedAt: nullable(
      instant({ description: 'When the picture that serves was read; null before the first.' }),
    ),
    ageSeconds: nullable(real({ description: 'Since then.' })),
    error: nullable(text({ description: 'Why the last attempt failed.' })),
    failures: count({ description: 'Attempts that failed one after the other.' }),
    isWhole: nullable(
      flag({
        description:
          "False: the cloud's lists were not whole, so nothing missing in them was taken for gone.",
      }),
    ),
    domains: count({ description: "The cloud's, gone ones left out." }),
    accounts: count({ description: "The cloud's, gone ones left out; projects are accounts." }),
    localRows: count({
      description:
        'Rows made by hand or import whose ids the cloud knows too. They are left alone until `adoptLocal`.',
    }),
    removalsHeld: count({
      description:
        "Rows missing in the cloud's answer, too many to be taken for gone until `acceptRemovals`.",
    }),
  },
  { $id: 'DirectoryStatus' },
);

const unknownAccount = Type.Object(
  {
    id: text(),
    project: nullable(text({ description: 'The project its events name.' })),
    events: count(),
    firstSeen: instant(),
    lastSeen: instant(),
  },
  { $id: 'UnknownAccount' },
);

const syncRequest = closed(
  {
    acceptRemovals: defaulted(
      flag({ description: 'Take what is missing for gone, however much it is.' }),
      false,
    ),
    adoptLocal: defaulted(
      flag({ description: 'Take over rows made by hand or import whose ids the cloud knows.' }),
      false,
    ),
  },
  { $id: 'SyncRequest' },
);

const tags = ['directory'];

const schemas = {
  status: {
    summary: 'How far the directory is in step with the cloud',
    tags,
    response: { 200: answer(directoryStatus, 'How it stands.'), ...problems },
  },
  sync: {
    summary: 'Read the directory anew from the cloud, within seconds',
    tags,
    body: ref(syncRequest),
    response: { 202: answer(directoryStatus, 'How it stood when this was asked.'), ...problems },
  },
  unknown: {
    summary: 'List accounts that events belong to and the directory does not know, last seen first',
    description: `Their events reach Global webhooks only. The last ${unknownAccountsMax} are kept.`,
    tags,
    querystring: closed({
      limit: defaulted(whole({ minimum: 1, maximum: unknownAccountsMax }), 50),
    }),
    response: { 200: listAnswer(unknownAccount, 'Unknown accounts, on one page.'), ...problems },
  },
};

export const directorySyncRoutes: RouteGroup = {
  schemas: [directoryStatus, unknownAccount, syncRequest],
  register: registerDirectorySyncRoutes,
};

function registerDirectorySyncRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/directory', { schema: schemas.status }, async () => requireStatus(store));

  app.post('/v1/directory/sync', { schema: schemas.sync }, async (request, reply) => {
    const status = await requireStatus(store);
    await changing(store, callerOf(request), 'directory.sync_requested', async database => {
      await requestSync(database, request.body);
      return { objectId: status.kind, after: request.body };
    });
    return reply.code(202).send(status);
  });

  app.get('/v1/directory/unknown', { schema: schemas.unknown }, async ({ query }) => ({
    items: await listUnknown(databaseOf(store), query.limit),
    nextCursor: null,
  }));
}

async function requireStatus(store: Store): Promise<DirectoryStatus> {
  const status = await findDirectoryStatus(databaseOf(store));
  if (status) return status;
  throw new ProblemError(
    'not_found',
    'The directory is not read from a cloud: directory.kind is not set, or no process with the role janitor has run since.',
  );
}
