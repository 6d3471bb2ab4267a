/**
 * `listWebhookDeliveries`, `deleteWebhookDelivery`.
 *
 * Source: reference "CloudStack" sections 1.1 and 1.3; apache/cloudstack, WebhookApiServiceImpl.
 */
import { deleteListed, listDeliveriesByPage } from '../../../store/delivery/list-by-page.ts';
import type { DeliverySearch } from '../../../store/delivery/list-by-page.ts';
import { databaseOf } from '../../../store/database.ts';
import type { Database, Store } from '../../../store/database.ts';
import { findDelivery } from '../../../store/delivery/delivery.ts';
import { findWebhook } from '../../../store/webhook/webhook.ts';
import type { Caller } from '../../http/authenticate.ts';
import { changing } from '../../http/changing.ts';
import { listFields } from '../request/answer.ts';
import type { Arguments } from '../request/arguments.ts';
import { invalidValue } from '../request/command-error.ts';
import type { CommandFunction } from '../context.ts';
import { readPage } from '../request/page.ts';
import { presentDeliveries } from './present-deliveries.ts';

export const listWebhookDeliveries: CommandFunction = async ({ options, caller, args }) => {
  const page = readPage(args);
  const database = databaseOf(options.store);
  const search = await readSearch(database, caller, args);
  const { count, rows } = await listDeliveriesByPage(database, caller.visibility, { search, page });
  return listFields('webhookdelivery', count, await presentDeliveries(options, rows));
};

/** Deliveries deleted in one transaction; those beyond are left for the next. */
const deletedAtOnceMax = 5_000;

export const deleteWebhookDelivery: CommandFunction = async ({ options, caller, args }) => {
  const search = await readSearch(databaseOf(options.store), caller, args);
  for (;;) {
    const deleted = await deleteSome(options.store, caller, search);
    if (deleted < deletedAtOnceMax) return { success: true };
  }
};

/** @returns how many were deleted. */
async function deleteSome(store: Store, caller: Caller, search: DeliverySearch): Promise<number> {
  const { accountId, domain } = caller.principal;
  const done = await changing(store, caller, 'deliveries.deleted', async database => {
    const what = { search, limit: deletedAtOnceMax };
    const count = await deleteListed(database, caller.visibility, what);
    if (count === 0) return undefined;
    return {
      objectId: search.id ?? search.webhookId ?? 'all in reach',
      accountId,
      domainId: domain?.id,
      after: { ...search, count },
    };
  });
  return done?.after.count ?? 0;
}

/** @throws {CommandError} */
async function readSearch(
  database: Database,
  { visibility }: Caller,
  args: Arguments,
): Promise<DeliverySearch> {
  const [id, webhookId] = [args.text('id'), args.text('webhookid')];
  if (id !== undefined && !(await findDelivery(database, id, visibility))) {
    throw invalidValue('Invalid ID specified');
  }
  if (webhookId !== undefined && !(await findWebhook(database, webhookId, visibility))) {
    throw invalidValue('Invalid Webhook specified');
  }
  const [startedFrom, endedTo] = [args.instant('startdate'), args.instant('enddate')];
  if (startedFrom && endedTo && endedTo < startedFrom) {
    throw invalidValue('Invalid enddate specified');
  }
  if (args.text('managementserverid') !== undefined) {
    throw invalidValue('Invalid management server specified');
  }
  const [eventType, keyword] = [args.text('eventtype'), args.text('keyword')];
  return { id, webhookId, startedFrom, endedTo, eventType, keyword };
}
