/** The directory sync: show its state, request it, list the accounts it does not know. */
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
    nextAt: instant({ description: 'When the next sync is due.' }),
    attemptedAt: nullable(instant()),
    syncedAt: nullable(
      instant({
        description: 'When the data in use were read from the cloud; null before the first sync.',
      }),
    ),
    ageSeconds: nullable(real({ description: 'Seconds since `syncedAt`.' })),
    error: nullable(text({ description: 'Why the last sync failed; null when it did not.' })),
    failures: count({ description: 'Number of consecutive failed syncs.' }),
    isWhole: nullable(
      flag({
        description:
          "False when the cloud's lists were incomplete, so that nothing missing in them was marked as removed.",
      }),
    ),
    domains: count({
      description: 'Number of domains synced from the cloud, without removed ones.',
    }),
    accounts: count({
      description:
        'Number of accounts synced from the cloud, projects included, without removed ones.',
    }),
    localRows: count({
      description:
        'Number of domains and accounts created by hand or import whose ids exist in the cloud too. They are left alone until a sync with `adoptLocal`.',
    }),
    removalsHeld: count({
      description:
        "Number of domains and accounts missing in the cloud's answer: too many to be marked as removed without `acceptRemovals`.",
    }),
  },
  { $id: 'DirectoryStatus', description: 'How the directory is synced from the cloud.' },
);

const unknownAccount = Type.Object(
  {
    id: text(),
    project: nullable(text({ description: 'Project that its events name.' })),
    events: count(),
    firstSeen: instant(),
    lastSeen: instant(),
  },
  {
    $id: 'UnknownAccount',
    description: 'An account that events name and the directory does not have.',
  },
);

const syncRequest = closed(
  {
    acceptRemovals: defaulted(
      flag({
        description: 'Mark everything that is missing in the cloud as removed, however much it is.',
      }),
      false,
    ),
    adoptLocal: defaulted(
      flag({
        description:
          'Sync domains and accounts created by hand or import whose ids exist in the cloud.',
      }),
      false,
    ),
  },
  { $id: 'SyncRequest', description: 'What the next sync may do.' },
);

const tags = ['directory'];

const schemas = {
  status: {
    operationId: 'showDirectory',
    summary: 'Show the state of the directory sync',
    description: '404 when the directory is not synced from a cloud.',
    tags,
    response: { 200: answer(directoryStatus, 'The state of the sync.'), ...problems },
  },
  sync: {
    operationId: 'syncDirectory',
    summary: 'Request a directory sync, which starts within seconds',
    description: '404 when the directory is not synced from a cloud.',
    tags,
    body: ref(syncRequest),
    response: {
      202: answer(directoryStatus, 'The state of the sync before this request.'),
      ...problems,
    },
  },
  unknown: {
    operationId: 'listUnknownAccounts',
    summary: 'List accounts of events that are not in the directory, last seen first',
    description: `Only Global webhooks get their events. The last ${unknownAccountsMax} are kept.`,
    tags,
    querystring: closed({
      limit: defaulted(
        whole({
          minimum: 1,
          maximum: unknownAccountsMax,
          description: 'Maximum number of items.',
        }),
        50,
      ),
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
    'The directory is not synced from a cloud: directory.kind is not set, or no process with the role janitor has run since.',
  );
}
