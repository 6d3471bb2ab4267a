/** Vitest's set-up of the projects that need services. It runs once for each project; they share the services. */
import type { TestProject } from 'vitest/node';

import { serveSharedServices, type SharedServicesServer } from './shared-services.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `shared.ts` asks for services. */
    servicesUrl: string;
  }
}

interface Run {
  projects: number;
  readonly server: Promise<SharedServicesServer>;
}

/** Each project evaluates this module for itself; the process is what they have in common. */
const shared: { [key: symbol]: Run | undefined } = globalThis;
const key = Symbol.for('hookline.test.services');

export async function setup(project: TestProject): Promise<void> {
  const run = (shared[key] ??= { projects: 0, server: serveSharedServices() });
  run.projects += 1;
  project.provide('servicesUrl', (await run.server).url);
}

export async function teardown(): Promise<void> {
  const run = shared[key];
  if (!run) return;
  run.projects -= 1;
  if (run.projects > 0) return;
  shared[key] = undefined;
  await (await run.server)[Symbol.asyncDispose]();
}
