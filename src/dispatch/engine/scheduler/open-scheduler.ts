/** The dispatcher's scheduler, with its limits from the configuration. */
import type { Delivery } from '../../delivery.ts';
import type { DispatcherOptions } from '../dispatcher-options.ts';
import { Scheduler } from './scheduler.ts';

/** Share of the window that deliveries to slow receivers may fill, all tenants together. */
const slowWindowShare = 0.25;

export function openScheduler(options: DispatcherOptions): Scheduler<Delivery> {
  return new Scheduler({
    concurrency: options.concurrency,
    slowConcurrency: options.slowConcurrency,
    slowMs: options.slowMs,
    slowWaitingMax: Math.ceil(options.windowMax * slowWindowShare),
    limitsOf: options.webhook,
    clock: () => performance.now(),
  });
}
