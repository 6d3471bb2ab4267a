/** Settings: list the effective values and their origins, set, delete. */
import { Type } from 'typebox';

import {
  canonicalName,
  definitionOf,
  parseSetting,
  settingNames,
  settingScopes,
  settingTypes,
} from '../../setting/definition.ts';
import type { SettingDefaults, SettingName } from '../../setting/definition.ts';
import { chainOf, createSettingIndex } from '../../setting/resolve.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findDomain } from '../../store/directory/domain.ts';
import { deleteSetting, findSettings, putSetting } from '../../store/setting.ts';
import type { SettingPlace } from '../../store/setting.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireWebhook } from '../webhook/require-webhook.ts';
import { pathOf } from './effective.ts';
import { answer, closed, listAnswer, noContent, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { arrayOf, flag, uuid, nullable, oneOf, real, schemaOf, text } from '../../event/schema.ts';

const setting = Type.Object(
  {
    name: text({ example: 'webhook.delivery.tries' }),
    value: text({ description: 'The effective value.' }),
    origin: oneOf([...settingScopes, 'configuration']),
    originId: nullable(
      text({ description: 'Id of the webhook or the domain that it is set for.' }),
    ),
    isSetHere: flag(),
    default: text({ description: 'The value where nothing is set.' }),
    description: text(),
    type: oneOf(settingTypes),
    minimum: Type.Optional(real()),
    maximum: Type.Optional(real()),
    scopes: Type.Optional(
      arrayOf(oneOf(settingScopes), { description: 'What it can be set for.' }),
    ),
  },
  { $id: 'Setting', description: 'A setting with the value that is in effect.' },
);

const settingChange = closed(
  {
    name: text({ maxLength: 255 }),
    value: schemaOf<string | number>({ type: ['string', 'number'], maxLength: 1_000 }),
    webhookId: Type.Optional(uuid()),
    domainId: Type.Optional(text({ maxLength: 255 })),
  },
  { $id: 'SettingChange', description: 'A value of a setting, and what it is for.' },
);

const tags = ['settings'];

const target = {
  webhookId: Type.Optional(uuid({ description: 'The setting of this webhook.' })),
  domainId: Type.Optional(
    text({
      maxLength: 255,
      description:
        'The setting of this domain and all below it. Without domainId and webhookId: for an Admin the whole installation, for others their own domain.',
    }),
  ),
};

const schemas = {
  list: {
    operationId: 'listSettings',
    summary: 'List all settings with their effective values and where these are set',
    description:
      'The most specific value is effective: that of the webhook, its domain, the domains above, the whole installation, the configuration.',
    tags,
    querystring: closed(target),
    response: { 200: listAnswer(setting, 'Settings.'), ...problems },
  },
  update: {
    operationId: 'updateSetting',
    summary: 'Set a setting',
    description: 'It takes effect in every process within a second.',
    tags,
    body: ref(settingChange),
    response: { 200: answer(setting, 'The setting with its new value.'), ...problems },
  },
  delete: {
    operationId: 'deleteSetting',
    summary: 'Delete a setting, so that the next more general value is effective',
    description: 'A setting that is not set there is 404.',
    tags,
    querystring: closed({ ...target, name: text({ description: 'Name of the setting.' }) }),
    response: { 204: noContent, ...problems },
  },
};

export const settingRoutes: RouteGroup = {
  schemas: [setting, settingChange],
  register: registerSettingRoutes,
};

function registerSettingRoutes(app: Routes, options: ApiOptions): void {
  const { store, settingDefaults } = options;
  app.get('/v1/settings', { schema: schemas.list }, async request => {
    const database = databaseOf(store);
    const found = await findTarget(database, callerOf(request), request.query);
    return { items: await listEffective(database, found, settingDefaults), nextCursor: null };
  });

  app.put('/v1/settings', { schema: schemas.update }, async request => {
    const { name: given, value: wanted, ...where } = request.body;
    const caller = callerOf(request);
    const { setting: updated } = await changing(store, caller, 'setting.put', async database => {
      const found = await findTarget(database, caller, where);
      const name = requireName(given);
      const value = requireValue(name, String(wanted), options);
      requireWritable(caller, name, found);
      const before = await putSetting(database, { ...placeOf(found), name, value });
      const items = await listEffective(database, found, settingDefaults);
      const effective = items.find(item => item.name === name);
      if (!effective) throw new RangeError(`${name} was set and is not listed`);
      return { ...changeOf(name, found, { before, after: value }), setting: effective };
    });
    return updated;
  });

  app.delete('/v1/settings', { schema: schemas.delete }, async (request, reply) => {
    const { name: given, ...where } = request.query;
    const caller = callerOf(request);
    await changing(store, caller, 'setting.deleted', async database => {
      const found = await findTarget(database, caller, where);
      const name = requireName(given);
      requireWritable(caller, name, found);
      const before = await deleteSetting(database, placeOf(found), [name, given]);
      if (before === undefined) throw new ProblemError('not_found', `${name} is not set there.`);
      return changeOf(name, found, { before });
    });
    return reply.code(204).send();
  });
}

/** The webhook, domain or installation that a setting is set for, and its owner for the audit. */
interface SettingTarget extends SettingPlace {
  readonly chain: readonly SettingPlace[];
  readonly owner: { readonly accountId?: string; readonly domainId?: string };
}

const placeOf = ({ scope, scopeId }: SettingPlace): SettingPlace => ({ scope, scopeId });

/** @throws {ProblemError} not_found, request_invalid */
async function findTarget(
  database: Database,
  { principal, visibility }: Caller,
  { webhookId, domainId }: { readonly webhookId?: string; readonly domainId?: string },
): Promise<SettingTarget> {
  if (webhookId !== undefined && domainId !== undefined) {
    throw new ProblemError('request_invalid', 'Pass either webhookId or domainId, not both.');
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

async function listEffective(
  database: Database,
  { scope, scopeId, chain }: SettingTarget,
  defaults: SettingDefaults,
) {
  const index = createSettingIndex(await findSettings(database, chain), defaults);
  return settingNames.map(name => {
    const { description, type, minimum, maximum, scopes } = definitionOf(name);
    const { text: value, origin } = index.effective(name, chain);
    const isHere =
      origin !== 'configuration' && origin.scope === scope && origin.scopeId === scopeId;
    const from =
      origin === 'configuration'
        ? { origin, originId: null }
        : { origin: origin.scope, originId: origin.scope === 'global' ? null : origin.scopeId };
    const now = { name, value, ...from, isSetHere: isHere, default: defaults[name] };
    return { ...now, description, type, minimum, maximum, scopes };
  });
}

function requireName(given: string): SettingName {
  const name = canonicalName(given);
  if (name) return name;
  const known = settingNames.join(', ');
  throw new ProblemError(
    'setting_invalid',
    `There is no setting ${given}; expected one of ${known}.`,
  );
}

function requireValue(
  name: SettingName,
  value: string,
  { timeoutMsMax }: Pick<ApiOptions, 'timeoutMsMax'>,
): string {
  const parsed = parseSetting(name, value);
  if (name === 'webhook.delivery.timeout' && Number(value) * 1_000 > timeoutMsMax) {
    const expected = `at most ${timeoutMsMax / 1_000}, the limit that the operator sets`;
    throw new ProblemError('setting_invalid', `${name}: expected ${expected}, not ${value}.`);
  }
  if (parsed.ok) return value.trim();
  throw new ProblemError('setting_invalid', `${name}: expected ${parsed.expected}, not ${value}.`);
}

/** What a webhook itself has in place of a setting. */
const ownFields: Readonly<Partial<Record<SettingName, string>>> = {
  'webhook.delivery.tries': '`tries`, `hookline webhook update <id> --tries <n>`',
  'webhook.delivery.timeout': '`timeoutMs`, `hookline webhook update <id> --timeout-ms <ms>`',
};

function ownFieldOf(name: SettingName): string {
  const { [name]: own } = ownFields;
  return own === undefined ? '' : ` A webhook has its own: ${own}.`;
}

function requireWritable(
  { principal, visibility }: Caller,
  name: SettingName,
  { scope }: SettingTarget,
): void {
  const { scopes, byTenants } = definitionOf(name);
  if (!scopes.includes(scope)) {
    throw new ProblemError(
      'setting_invalid',
      `${name} cannot be set for a ${scope}, only for ${scopes.join(' or ')}.${scope === 'webhook' ? ownFieldOf(name) : ''}`,
    );
  }
  if (visibility.kind === 'everything') return;
  if (!byTenants || (scope === 'domain' && visibility.kind !== 'subtree')) {
    throw new ProblemError('forbidden', `${principal.role} may not set ${name} for a ${scope}.`);
  }
}

/** The audit entry of a setting that was set or deleted. */
function changeOf(
  name: SettingName,
  found: SettingTarget,
  {
    before = null,
    after = null,
  }: { readonly before?: string | null; readonly after?: string | null },
) {
  const where = placeOf(found);
  return {
    objectId: name,
    ...found.owner,
    before: { ...where, value: before },
    after: { ...where, value: after },
  };
}
