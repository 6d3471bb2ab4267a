/** Says in the log that a webhook cannot be sent to as it is configured, once for each. */
import type { Log } from '../../event/log.ts';
import type { Webhook } from '../../webhook/webhook.ts';

/** @returns reports it, and returns the reason. */
export function createUnsendableReport(log: Log): (webhook: Webhook, error: unknown) => string {
  const said = new Set<string>();
  return ({ id, name }, error) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (!said.has(id)) log.error({ webhookId: id, name, reason }, 'webhook.unsendable');
    said.add(id);
    return reason;
  };
}
