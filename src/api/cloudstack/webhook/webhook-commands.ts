/**
 * `createWebhook`, `listWebhooks`, `updateWebhook`, `deleteWebhook`.
 *
 * Source: reference "CloudStack" sections 1.1 and 1.3; apache/cloudstack, WebhookApiServiceImpl.
 */
import type { NamedWebhook } from '../../../store/webhook/list-by-page.ts';
import { listWebhooksByPage } from '../../../store/webhook/list-by-page.ts';
import { databaseOf } from '../../../store/database.ts';
import type { Store } from '../../../store/database.ts';
import { everything } from '../../../store/sql/visibility.ts';
import {
  createWebhook as create,
  deleteWebhook as remove,
  updateWebhook as update,
} from '../../webhook/write-webhook.ts';
import type { WebhookChangeBody } from '../../webhook/schema-webhook.ts';
import { requireWebhook } from '../../webhook/require-webhook.ts';
import { maySpecify } from '../../../webhook/scope.ts';
import { listFields } from '../request/answer.ts';
import type { Fields } from '../request/answer.ts';
import type { Arguments } from '../request/arguments.ts';
import { invalidValue } from '../request/command-error.ts';
import type { Call, CommandFunction } from '../context.ts';
import { webhookFields } from './objects.ts';
import { findOwnerId, readOwners } from './owner.ts';
import { readPage } from '../request/page.ts';
import { readScope, readState } from './words.ts';

export const createWebhook: CommandFunction = async ({ options, caller, args }) => {
  const { name, payloadUrl, ...change } = readChange(args);
  const domainId = change.scope === 'Domain' ? args.text('domainid') : undefined;
  const accountId = await findOwnerId(databaseOf(options.store), caller, args);
  const made = await create(options, caller, {
    ...change,
    name: name ?? '',
    payloadUrl: payloadUrl ?? '',
    ...(domainId !== undefined && { domainId }),
    ...(accountId !== undefined && { accountId }),
  });
  return show(options.store, made.id);
};

export const listWebhooks: CommandFunction = async ({ options, caller, args }) => {
  const database = databaseOf(options.store);
  const page = readPage(args);
  const owners = await readOwners(database, caller, args);
  const [id, name, keyword] = [args.text('id'), args.text('name'), args.text('keyword')];
  const [state, scope] = [readState(args.text('state')), readListedScope({ caller, args })];
  if (!owners) return {};
  const { count, rows } = await listWebhooksByPage(database, caller.visibility, {
    search: {
      ...owners,
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      ...(keyword !== undefined && { keyword }),
      ...(state !== undefined && { state }),
      ...(scope !== undefined && { scope }),
    },
    page,
  });
  return listFields('webhook', count, rows.map(webhookFields));
};

export const updateWebhook: CommandFunction = async ({ options, caller, args }) => {
  const id = idOf(args);
  const { state, ...change } = readChange(args);
  const current = await requireWebhook(databaseOf(options.store), id, caller.visibility);
  // A client that writes back the state it has read must not cancel what a paused webhook keeps.
  const isSame = state === 'Disabled' && current.state === 'Paused';
  const body = state === undefined || isSame ? change : { ...change, state };
  if (Object.keys(body).length > 0) {
    await update(options, caller, { id, body });
  }
  return show(options.store, id);
};

export const deleteWebhook: CommandFunction = async ({ options, caller, args }) => {
  await remove(options, caller, { id: idOf(args) });
  return { success: true };
};

/** Blank texts change nothing, except that they set the description and unset the secret key. */
function readChange(args: Arguments): WebhookChangeBody {
  const [name, payloadUrl] = [notBlank(args.text('name')), notBlank(args.text('payloadurl'))];
  const [description, secretKey] = [args.text('description'), args.text('secretkey')];
  const [state, scope] = [readState(args.text('state')), readScope(args.text('scope'))];
  const sslVerification = args.flag('sslverification');
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(state !== undefined && { state }),
    ...(scope !== undefined && { scope }),
    ...(payloadUrl !== undefined && { payloadUrl }),
    ...(sslVerification !== undefined && { sslVerification }),
    ...(secretKey !== undefined && { secretKey: secretKey.trim() === '' ? null : secretKey }),
  };
}

function readListedScope({ caller, args }: Pick<Call, 'caller' | 'args'>) {
  const scope = readScope(args.text('scope'));
  if (scope === undefined || maySpecify(caller.principal.role, scope)) return scope;
  throw invalidValue(`Scope ${scope} can not be specified`);
}

async function show(store: Store, id: string): Promise<Fields> {
  const one = { search: { id }, page: { offset: 0, limit: 1 } };
  const { rows } = await listWebhooksByPage(databaseOf(store), everything, one);
  const [webhook]: readonly NamedWebhook[] = rows;
  // It was created or updated a moment ago, and deleted by somebody else since.
  if (!webhook) throw invalidValue('Unable to find the webhook with the specified ID');
  return { webhook: webhookFields(webhook) };
}

/** Required by the command's definition. */
const idOf = (args: Arguments): string => args.text('id') ?? '';

const notBlank = (text: string | undefined): string | undefined =>
  text === undefined || text.trim() === '' ? undefined : text;
