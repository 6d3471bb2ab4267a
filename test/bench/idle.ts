/** What a Hookline costs that has nothing to do: its source is connected, no event comes, nothing is owed. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Lab } from './lab.ts';
import { cpuMsOf, memoryMbOf } from './proc.ts';
import type { Figures } from './report.ts';

/** After the last delivery the process looks whether anything is left, and the heap shrinks. */
const settleMs = 35_000;

export async function measureIdle(lab: Lab, seconds: number): Promise<Figures> {
  await using subject = await lab.openSubject('rabbitmq', 1);
  const { hookline, database } = subject;
  await wait(settleMs);
  const before = await lab.meter.read(database);
  const cpuBefore = cpuMsOf(hookline.pid);
  await wait(seconds * 1_000);
  const cpuMs = cpuMsOf(hookline.pid) - cpuBefore;
  const after = await lab.meter.read(database);
  const perMinute = 60 / seconds;
  return {
    'idle: process CPU, ms/minute': cpuMs * perMinute,
    'idle: PostgreSQL CPU, ms/minute': (after.cpuMs - before.cpuMs) * perMinute,
    'idle: statements/minute': (after.statements - before.statements) * perMinute,
    'idle: memory after 20,000 deliveries, MB': memoryMbOf(hookline.pid),
  };
}
