/** Records Hookline's own events. */
import type { Envelope } from '../event/envelope.ts';
import { ownCategory } from '../event/envelope.ts';
import type { Log } from '../event/log.ts';
import type { Message } from '../event/message.ts';
import type { OwnEvent } from '../event/event.ts';
import type { SourceReading } from '../normalize/normalizers.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { BatchReading, Ingest } from './ingest.ts';

/** Records that something happened to a webhook. @param reason a sentence or an error, for people. */
export type Announce = (
  event: OwnEvent,
  webhook: Pick<Webhook, 'id' | 'name' | 'accountId' | 'domainId'>,
  reason: string | undefined,
) => void;

export interface AnnouncerOptions {
  readonly ingest: Ingest;
  readonly readBatch: (source: SourceReading) => BatchReading;
  readonly scrubber: SourceReading['scrubber'];
  readonly now: () => Date;
  readonly log: Log;
}

/** The name under which they are recorded; no configured source has a normalizer of this kind. */
const source = 'hookline';
/** After this time an event that cannot be recorded is given up; what happened is still in the webhook's health. */
const waitMsMax = 60_000;

export function createAnnouncer(options: AnnouncerOptions): Announce {
  const { ingest, readBatch, scrubber, now, log } = options;
  return (event, webhook, reason) => {
    const envelope = toEnvelope(event, webhook, { reason, at: now() });
    const reading = readBatch({ normalize: () => [{ envelope }], scrubber });
    const message: Message = { position: event, body: null, redelivered: false };
    ingest
      .record({
        source,
        read: reading.read,
        learn: reading.learn,
        batch: { messages: [message], isHeld: () => true },
        signal: AbortSignal.timeout(waitMsMax),
      })
      .then(reading.count)
      .catch((error: unknown) =>
        log.warn({ err: error, event, webhookId: webhook.id }, 'event.not_announced'),
      );
  };
}

const statuses: Readonly<Record<OwnEvent, string>> = {
  'WEBHOOK.FAILING': 'Failed',
  'WEBHOOK.RECOVERED': 'Completed',
  'WEBHOOK.DISABLED': 'Failed',
  'WEBHOOK.BACKLOG': 'Failed',
};

const descriptions: Readonly<Record<OwnEvent, string>> = {
  'WEBHOOK.FAILING': 'Deliveries to the webhook fail',
  'WEBHOOK.RECOVERED': 'Deliveries to the webhook succeed again',
  'WEBHOOK.DISABLED': 'Hookline disabled the webhook',
  'WEBHOOK.BACKLOG': 'Too many deliveries wait for the webhook',
};

function toEnvelope(
  event: OwnEvent,
  { id, name, accountId, domainId }: Parameters<Announce>[1],
  { reason, at }: { readonly reason: string | undefined; readonly at: Date },
): Envelope {
  const about = descriptions[event].replace('the webhook', `the webhook ${JSON.stringify(name)}`);
  return {
    category: ownCategory,
    event,
    entity: 'Webhook',
    entityuuid: id,
    account: accountId,
    domain: domainId,
    status: statuses[event],
    eventDateTime: at.toISOString(),
    description: reason === undefined ? `${about}.` : `${about}: ${reason}`,
    source,
  };
}
