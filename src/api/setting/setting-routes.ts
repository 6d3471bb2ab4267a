/** Settings: list with what holds and why, set, take back. */
import type { FastifyInstance } from 'fastify';

import {
  canonicalName,
  definitionOf,
  parseSetting,
  settingNames,
} from '../../setting/definition.ts';
import type { SettingName } from '../../setting/definition.ts';
import { chainOf, createSettingIndex } from '../../setting/resolve.ts';
import type { Place, SettingDefaults } from '../../setting/resolve.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findDomain } from '../../store/directory/query-directory.ts';
import { deleteSetting, findSettings, putSetting } from '../../store/setting.ts';
import { everything } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from './write-audit.ts';
import { listOf } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireWebhook } from '../webhook/require-webhook.ts';
import { answer, noContent, problems } from '../http/route.ts';

interface PlaceQuery {
  readonly webhookId?: string;
  readonly domainId?: string;
}

const tags = ['settings'];

const place = {
  webhookId: { type: 'string', format: 'uuid', description: 'For this webhook.' },
  domainId: {
    type: 'string',
    maxLength: 255,
    description:
      'For this domain and all below it. Without domainId and webhookId: for an Admin everything, for others their own domain.',
  },
} as const;

const schemas = {
  list: {
    summary: 'List all settings with the value that holds and where it is set',
    description:
      'The nearest value holds: of the webhook, its domain, the domains above, the whole installation, the configuration.',
    tags,
    querystring: { type: 'object', additionalProperties: false, properties: place },
    response: { 200: listOf('Setting', 'Settings.'), ...problems },
  },
  put: {
    summary: 'Set a value',
    description: 'It holds within a second in every process.',
    tags,
    body: { $ref: 'SettingChange#' },
    response: { 200: answer('Setting', 'The setting as it is now.'), ...problems },
  },
  remove: {
    summary: 'Take a value back: the next one up the tree holds',
    tags,
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: { ...place, name: { type: 'string' } },
    },
    response: { 204: noContent, ...problems },
  },
};

export function registerSettingRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store, settingDefaults: defaults } = options;
  app.get<{ Querystring: PlaceQuery }>('/v1/settings', { schema: schemas.list }, async request => {
    const database = databaseOf(store);
    const found = await findPlace(database, callerOf(request), request.query);
    return { items: await listEffective(database, found, defaults), nextCursor: null };
  });

  app.put<{ Body: PlaceQuery & { name: string; value: string | number } }>(
    '/v1/settings',
    { schema: schemas.put },
    async request => {
      const { name: given, value: wanted, ...where } = request.body;
      const caller = callerOf(request);
      return inTransaction(store, async database => {
        const found = await findPlace(database, caller, where);
        const name = requireName(given);
        const value = requireValue(name, String(wanted));
        requireWritable(caller, name, found);
        const before = await putSetting(database, { ...placeOf(found), name, value });
        await noteSetting(database, caller, { name, found, before, after: value });
        const items = await listEffective(database, found, defaults);
        return items.find(item => item.name === name);
      });
    },
  );

  app.delete<{ Querystring: PlaceQuery & { name: string } }>(
    '/v1/settings',
    { schema: schemas.remove },
    async (request, reply) => {
      const { name: given, ...where } = request.query;
      const caller = callerOf(request);
      await inTransaction(store, async database => {
        const found = await findPlace(database, caller, where);
        const name = requireName(given);
        requireWritable(caller, name, found);
        const before = await deleteSetting(database, placeOf(found), [name, given]);
        if (before === undefined) throw new ProblemError('not_found', `${name} is not set there.`);
        await noteSetting(database, caller, { name, found, before });
      });
      return reply.code(204).send();
    },
  );
}

interface FoundPlace extends Place {
  readonly chain: readonly Place[];
  /** For the audit. */
  readonly owner: { readonly accountId?: string; readonly domainId?: string };
}

const placeOf = ({ scope, scopeId }: FoundPlace): Place => ({ scope, scopeId });

/** @throws {ProblemError} not_found, request_invalid */
async function findPlace(
  database: Database,
  { principal, visibility }: Caller,
  { webhookId, domainId }: PlaceQuery,
): Promise<FoundPlace> {
  if (webhookId !== undefined && domainId !== undefined) {
    throw new ProblemError('request_invalid', 'Say webhookId or domainId, not both.');
  }
  if (webhookId !== undefined) {
    const webhook = await requireWebhook(database, webhookId, visibility);
    const path = await pathOf(database, webhook.domainId);
    const chain = chainOf(path, webhookId);
    const { objectId: _, ...owner } = ofWebhook(webhook);
    return { scope: 'webhook', scopeId: webhookId, chain, owner };
  }
  const wanted =
    domainId ?? (visibility.kind === 'everything' ? undefined : (principal.domain?.id ?? ''));
  if (wanted === undefined) return { scope: 'global', scopeId: '', chain: chainOf([]), owner: {} };
  if (!(await findDomain(database, wanted, visibility))) {
    throw new ProblemError('not_found', `There is no domain ${wanted}.`);
  }
  const chain = chainOf(await pathOf(database, wanted));
  return { scope: 'domain', scopeId: wanted, chain, owner: { domainId: wanted } };
}

/** The domain and all above it, nearest first. */
async function pathOf(database: Database, domainId: string): Promise<readonly string[]> {
  const domain = await findDomain(database, domainId, everything);
  return domain?.path.split('/').filter(Boolean).toReversed() ?? [];
}

async function listEffective(
  database: Database,
  { scope, scopeId, chain }: FoundPlace,
  defaults: SettingDefaults,
) {
  const index = createSettingIndex(await findSettings(database, chain), defaults);
  return settingNames.map(name => {
    const { description, type, minimum, maximum, scopes } = definitionOf(name);
    const { text, origin } = index.effective(name, chain);
    const isHere =
      origin !== 'configuration' && origin.scope === scope && origin.scopeId === scopeId;
    const from =
      origin === 'configuration'
        ? { origin, originId: null }
        : { origin: origin.scope, originId: origin.scope === 'global' ? null : origin.scopeId };
    const facts = { name, value: text, ...from, isSetHere: isHere, default: defaults[name] };
    return { ...facts, description, type, minimum, maximum, scopes };
  });
}

function requireName(given: string): SettingName {
  const name = canonicalName(given);
  if (name) return name;
  const known = settingNames.join(', ');
  throw new ProblemError('setting_invalid', `There is no setting ${given}; there are ${known}.`);
}

function requireValue(name: SettingName, value: string): string {
  const parsed = parseSetting(name, value);
  if (parsed.ok) return value.trim();
  throw new ProblemError('setting_invalid', `${name}: expected ${parsed.expected}, not ${value}.`);
}

function requireWritable(
  { principal, visibility }: Caller,
  name: SettingName,
  { scope }: FoundPlace,
): void {
  const { scopes, byTenants } = definitionOf(name);
  if (!scopes.includes(scope)) {
    throw new ProblemError(
      'setting_invalid',
      `${name} cannot be set for a ${scope}, only for ${scopes.join(' or ')}.`,
    );
  }
  if (visibility.kind === 'everything') return;
  if (!byTenants || (scope === 'domain' && visibility.kind !== 'subtree')) {
    throw new ProblemError('forbidden', `${principal.role} may not set ${name} for a ${scope}`);
  }
}

async function noteSetting(
  database: Database,
  caller: Caller,
  done: { name: SettingName; found: FoundPlace; before: string | undefined; after?: string },
): Promise<void> {
  const { name, found, before, after } = done;
  const where = placeOf(found);
  await writeAudit(database, caller, {
    action: after === undefined ? 'setting.deleted' : 'setting.put',
    objectId: name,
    ...found.owner,
    before: { ...where, value: before ?? null },
    after: { ...where, value: after ?? null },
  });
}
