/** The request a delivery was, for people to look at. */
import { formatCloudStack } from '../format/cloudstack.ts';
import { attemptHeaders } from '../format/format.ts';
import type { DeliveryFacts } from '../store/query-flow.ts';

interface Sent extends Pick<DeliveryFacts, 'eventId' | 'eventType' | 'createdAt'> {
  readonly account: string | null;
  readonly body: string;
  readonly attempts: readonly { readonly startedAt: string }[];
}

/** What was sent, made again: nothing of it is stored but the body, which the event has. */
export function describeRequest({ eventId, eventType, account, body, createdAt, attempts }: Sent) {
  const rendered = formatCloudStack({
    id: eventId,
    event: eventType,
    body,
    ...(account !== null && { account }),
  });
  const sentAt = attempts.at(-1)?.startedAt ?? createdAt;
  const headers = attemptHeaders(rendered, new Date(sentAt).getTime());
  const names = headers.filter((_, index) => index % 2 === 0);
  return {
    requestHeaders: Object.fromEntries(
      names.map((name, index) => [name, headers[index * 2 + 1] ?? '']),
    ),
    requestBody: body,
  };
}
