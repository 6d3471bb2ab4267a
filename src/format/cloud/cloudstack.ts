/**
 * The request of CloudStack's own webhooks: the body as it is, four headers beside it.
 *
 * Source: apache/cloudstack, WebhookDeliveryThread (headers, signature). Unlike there, the body is always UTF-8 and
 * called `application/json` without a charset, which JSON does not have (RFC 8259 section 11).
 */
import { headerValue, type Format, type Rendered, type SignatureStyle } from '../format.ts';

/** The part of an event that this format needs: no envelope has to be read for it. */
export interface CloudStackEvent {
  /** UUID of the event. */
  readonly id: string;
  /** The event type, `VM.START`. */
  readonly event: string;
  readonly account?: string;
  readonly body: string;
}

const signature: SignatureStyle = { header: 'X-CS-Signature' };

/**
 * @example
 * formatCloudStack(event).headers // ['X-CS-Event-ID', '01a1fb67-…', 'X-CS-Event', 'VM.START',
 *                                 //  'User-Agent', 'CS-Hookshot/7ae7c033-…', 'Content-Type', 'application/json']
 */
export function formatCloudStack({ id, event, account, body }: CloudStackEvent): Rendered {
  return {
    eventId: id,
    body: Buffer.from(body),
    headers: [
      'X-CS-Event-ID',
      id,
      'X-CS-Event',
      headerValue(event),
      'User-Agent',
      // The account's uuid. CloudStack never sends an event without one; other clouds may.
      account === undefined ? 'CS-Hookshot' : `CS-Hookshot/${headerValue(account)}`,
      'Content-Type',
      'application/json',
    ],
    signature,
  };
}

export const cloudstack: Format = {
  name: 'cloudstack',
  description: "CloudStack's own webhooks: its message byte for byte, X-CS headers.",
  takes: {},
  render: ({ id, envelope: { event, account }, body }) =>
    formatCloudStack({ id, event, body, account }),
};
