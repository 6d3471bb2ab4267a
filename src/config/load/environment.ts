/** The process's own environment: the one place that reads it. */
import type { ConfigOptions } from './load.ts';

/** What `loadConfig` needs of this process. */
export function readEnvironment(): Pick<ConfigOptions, 'env' | 'cwd'> {
  return { env: process.env, cwd: process.cwd() };
}
