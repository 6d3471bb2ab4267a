/** The tables of deliveries and their attempts. */
import { defineEntity, p } from '@mikro-orm/core';

import { deliveryKinds, deliveryStates } from '../../event/delivery.ts';
import type { DeliveryKind, DeliveryState } from '../../event/delivery.ts';
import { checkWords } from '../sql/checks.ts';

/** One event owed to one webhook. Written when its first attempt has ended, or earlier when it must wait. */
export const DeliveryTable = defineEntity({
  name: 'Delivery',
  tableName: 'delivery',
  indexes: [
    { name: 'delivery_webhook_id_id_index', properties: ['webhookId', 'id'] },
    {
      name: 'delivery_due_index',
      properties: ['webhookId', 'nextAttemptAt'],
      where: `state = 'pending' and order_key is null`,
    },
    {
      name: 'delivery_order_index',
      properties: ['webhookId', 'orderKey', 'eventId'],
      where: `state in ('pending', 'delivering') and order_key is not null`,
    },
    {
      name: 'delivery_claimed_index',
      properties: ['processId'],
      where: `state = 'delivering'`,
    },
  ],
  properties: {
    /** Begins with its event's time bits; for kind `event` it follows from event and webhook (event/id.ts). */
    id: p.uuid().primary(),
    eventId: p.uuid(),
    webhookId: p.uuid(),
    kind: p.text().$type<DeliveryKind>(),
    state: p.text().$type<DeliveryState>(),
    /** Attempts made. */
    tries: p.integer(),
    nextAttemptAt: p.datetime().nullable(),
    /** Who claimed it, while `delivering`. */
    processId: p.integer().nullable(),
    createdAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
    /** From here on: the last attempt. The ones before it are rows of `attempt`. */
    startedAt: p.datetime().nullable(),
    durationMs: p.integer().nullable(),
    status: p.integer().nullable(),
    error: p.text().nullable(),
    responseBody: p.text().nullable(),
    /** Of deliveries of one webhook with the same key, one is sent at a time, in the order of their events' ids. */
    orderKey: p.text().nullable(),
    /** Of kind `replay`: the wish to have events again that it belongs to. */
    replayId: p.uuid().nullable(),
  },
  checks: [
    checkWords('delivery', 'kind', deliveryKinds),
    checkWords('delivery', 'state', deliveryStates),
  ],
});

/** An attempt that was followed by another; the last one is in the delivery's own row. */
export const AttemptTable = defineEntity({
  name: 'Attempt',
  tableName: 'attempt',
  properties: {
    deliveryId: p.uuid().primary(),
    /** From 1. */
    number: p.integer().primary(),
    startedAt: p.datetime(),
    durationMs: p.integer(),
    status: p.integer().nullable(),
    error: p.text().nullable(),
    responseBody: p.text().nullable(),
  },
});
