/** `hookline webhook redeliver` */
import { defineCommand } from '../command/definition.ts';
import { range } from '../command/option.ts';
import { printDone } from '../command/print.ts';
import { isJson, openClient } from '../context.ts';
import { type Row, showTable } from '../terminal/show.ts';

interface Redelivery {
  readonly count: number;
  readonly nextCursor: string | null;
  /** The first deliveries, in a dry run. */
  readonly samples?: readonly Row[];
}

export const redeliverCommand = defineCommand({
  words: 'webhook redeliver <id>',
  about:
    "deliver a webhook's past events again: by default those that failed and were not delivered since",
  options: {
    from: { ...range.from, isRequired: true },
    to: { ...range.to, usage: '--to <instant>  recorded before this instant; now when absent' },
    state: {
      usage: '--state <state>  state of the last delivery; failed when absent',
      choices: ['failed', 'delivered', 'cancelled'],
    },
    eventType: '--type <type>  only events of this type, such as VM.START',
    dryRun: '--dry-run  show how many events, and the first of them, and deliver nothing',
  },
  run: async (context, { id, dryRun = false, ...choice }) => {
    const { io } = context;
    const client = await openClient(context);
    const path = `/v1/webhooks/${encodeURIComponent(id)}/redeliver`;
    const samples: Row[] = [];
    let count = 0;
    let cursor: string | undefined;
    // One request redelivers up to a maximum; its cursor continues.
    do {
      const body = { ...choice, dryRun, cursor };
      const done: Redelivery = await client.send('POST', path, body);
      count += done.count;
      samples.push(...(done.samples ?? []));
      cursor = done.nextCursor ?? undefined;
    } while (cursor !== undefined);
    if (!dryRun) {
      return printDone(context, `${count} are delivered again`, { id, dryRun, count });
    }
    const columns = 'eventId eventType entityUuid';
    if (!isJson(context) && samples.length > 0) io.out(showTable(samples, columns, io.columns));
    const more = samples.length < count ? ', of which the first are shown' : '';
    const message = `${count} would be delivered again${more}`;
    printDone(context, message, { id, dryRun, count, samples });
  },
});
