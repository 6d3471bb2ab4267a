/** Domains and accounts: list, show, create, import. */
import { randomUUID } from 'node:crypto';

import { Type } from 'typebox';
import type { TProperties, TSchema } from 'typebox';

import {
  arrayOf,
  cloudId,
  instant,
  line,
  nullable,
  oneOf,
  text,
  whole,
} from '../../event/schema.ts';
import { databaseOf } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import { listAccounts } from '../../store/directory/account.ts';
import { listDomains } from '../../store/directory/domain.ts';
import { accountKinds, origins } from '../../store/schema/directory.ts';
import { callerOf } from '../http/authenticate.ts';
import { largeBodyBytesMax } from '../http/body.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { byCloudId, listPage } from '../http/page.ts';
import { answer, closed, defaulted, listAnswer, pageQuery, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import {
  accountDirectory,
  createEntry,
  domainDirectory,
  importEntries,
  requireEntry,
} from './write-directory.ts';

const origin = oneOf(origins, {
  description: '`local`: created by hand or import; `cloud`: synced from the cloud.',
});
const id = cloudId();
const importedId = cloudId({ description: "The cloud's id; generated when absent." });

const domain = Type.Object(
  {
    id,
    name: line(),
    parentId: nullable(text({ description: 'Null for the root domain.' })),
    path: text({
      description: 'Ids from the root down to this domain.',
      example: '/<root>/<child>/',
    }),
    origin,
    removedAt: nullable(
      instant({ description: 'When a sync first found it missing in the cloud.' }),
    ),
  },
  { $id: 'Domain', description: 'A domain of the cloud.' },
);

const domainFields = {
  name: line(),
  parentId: Type.Optional(
    nullable(
      cloudId({
        description:
          'Defaults to the root domain. A domain named ROOT without a parent is the root itself.',
      }),
    ),
  ),
};

const kind = oneOf(accountKinds);

const account = Type.Object(
  {
    id,
    name: line(),
    domainId: id,
    kind,
    origin,
    alias: nullable(
      text({
        description:
          'Another id that its events carry: the uuid of the account behind a CloudStack project, once an event has shown it.',
      }),
    ),
    removedAt: nullable(
      instant({
        description:
          'When a sync first found it missing in the cloud. From then on its webhooks get no events.',
      }),
    ),
  },
  { $id: 'Account', description: 'An account or a project of the cloud.' },
);

const accountFields = { name: line(), domainId: id, kind: defaulted(kind, 'user') };

const creation = <Fields extends TProperties>(fields: Fields, $id: string) =>
  closed(
    { id: Type.Optional(importedId), ...fields },
    { $id, description: `${$id === 'NewDomain' ? 'A domain' : 'An account'} to create.` },
  );

/** The body of an import. Ids are required, or a second import would create everything again. */
const imported = <Fields extends TProperties>(fields: Fields, $id: string) =>
  closed(
    { items: arrayOf(closed({ id: importedId, ...fields }), { maxItems: 5_000 }) },
    { $id, description: 'Entries of the directory; those with ids that are there are updated.' },
  );

const newDomain = creation(domainFields, 'NewDomain');
const domainImport = imported(domainFields, 'DomainImport');
const newAccount = creation(accountFields, 'NewAccount');
const accountImport = imported(accountFields, 'AccountImport');

const importDone = Type.Object(
  { created: whole(), updated: whole(), unchanged: whole() },
  {
    $id: 'Imported',
    description: 'Number of entries that an import created, updated, and found as they are.',
  },
);

const tags = ['directory'];

/** The schemas of the routes of domains or accounts. @param nouns such as `a domain`, `domains`. */
const routeSchemas = <
  Item extends TSchema,
  New extends TSchema,
  Import extends TSchema,
  Filter extends TProperties,
>(
  [one, many]: readonly [string, string],
  { item, body, bulk, filter }: { item: Item; body: New; bulk: Import; filter: Filter },
) => {
  const noun = one.split(' ')[1] ?? '';
  const name = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
  const found = answer(item, `The ${noun}.`);
  return {
    list: {
      operationId: `list${name}s`,
      summary: `List ${many}, by id`,
      description: `The ${many} that you may see, those that are gone from the cloud included.`,
      tags,
      querystring: closed({
        ...pageQuery,
        name: Type.Optional(text({ description: `Only ${many} of exactly this name.` })),
        ...filter,
      }),
      response: {
        200: listAnswer(item, `${name}s.`),
        ...problems,
      },
    },
    show: {
      operationId: `show${name}`,
      summary: `Show ${one}`,
      description: `By its id, which is the cloud's.`,
      tags,
      params: Type.Object({
        id: text({ maxLength: 255, description: 'The id, as the cloud has it.' }),
      }),
      response: { 200: found, ...problems },
    },
    create: {
      operationId: `create${name}`,
      summary: `Create ${one}`,
      description: `For clouds whose directory is not synced; a sync leaves it alone unless the cloud has the same id.`,
      tags,
      body: ref(body),
      response: { 201: found, ...problems },
    },
    import: {
      operationId: `import${name}s`,
      summary: `Create and update many ${many}, all or none`,
      description: `An entry whose id is there already is updated; nothing is deleted. At most 5,000 in a request.`,
      tags,
      body: ref(bulk),
      response: { 200: answer(importDone, 'The result.'), ...problems },
    },
  };
};

const domains = routeSchemas(['a domain', 'domains'], {
  item: domain,
  body: newDomain,
  bulk: domainImport,
  filter: {
    parentId: Type.Optional(text({ description: 'Only domains directly below this one.' })),
  },
});

const accounts = routeSchemas(['an account', 'accounts'], {
  item: account,
  body: newAccount,
  bulk: accountImport,
  filter: {
    domainId: Type.Optional(text({ description: 'Only accounts of exactly this domain.' })),
  },
});

export const directoryRoutes: RouteGroup = {
  schemas: [domain, newDomain, domainImport, account, newAccount, accountImport, importDone],
  register: registerDirectoryRoutes,
};

function registerDirectoryRoutes(app: Routes, { store }: ApiOptions): void {
  registerDomains(app, store);
  registerAccounts(app, store);
}

function registerDomains(app: Routes, store: Store): void {
  app.get('/v1/domains', { schema: domains.list }, async request => {
    const { visibility } = callerOf(request);
    return listPage(request.query, byCloudId, page =>
      listDomains(databaseOf(store), visibility, page),
    );
  });

  app.get('/v1/domains/:id', { schema: domains.show }, async request =>
    requireEntry(domainDirectory, databaseOf(store), {
      ...request.params,
      ...callerOf(request),
    }),
  );

  app.post('/v1/domains', { schema: domains.create }, async (request, reply) => {
    const values = { ...request.body, id: request.body.id ?? randomUUID() };
    const created = await createEntry(domainDirectory, store, callerOf(request), values);
    return reply
      .code(201)
      .header('location', `/v1/domains/${encodeURIComponent(created.id)}`)
      .send(created);
  });

  app.post(
    '/v1/domains/import',
    { bodyLimit: largeBodyBytesMax, schema: domains.import },
    async request => importEntries(domainDirectory, store, callerOf(request), request.body.items),
  );
}

function registerAccounts(app: Routes, store: Store): void {
  app.get('/v1/accounts', { schema: accounts.list }, async request => {
    const { visibility } = callerOf(request);
    return listPage(request.query, byCloudId, page =>
      listAccounts(databaseOf(store), visibility, page),
    );
  });

  app.get('/v1/accounts/:id', { schema: accounts.show }, async request =>
    requireEntry(accountDirectory, databaseOf(store), {
      ...request.params,
      ...callerOf(request),
    }),
  );

  app.post('/v1/accounts', { schema: accounts.create }, async (request, reply) => {
    const values = { ...request.body, id: request.body.id ?? randomUUID() };
    const created = await createEntry(accountDirectory, store, callerOf(request), values);
    return reply
      .code(201)
      .header('location', `/v1/accounts/${encodeURIComponent(created.id)}`)
      .send(created);
  });

  app.post(
    '/v1/accounts/import',
    { bodyLimit: largeBodyBytesMax, schema: accounts.import },
    async request => importEntries(accountDirectory, store, callerOf(request), request.body.items),
  );
}
