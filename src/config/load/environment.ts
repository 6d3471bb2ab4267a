/** The environment of the process: the variables of keys, and the `HOOKLINE_…` variables that no key has. */
import { closest } from '../value/closest.ts';
import type { Key } from '../value/key.ts';

export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working directory, from which relative paths start. */
  readonly cwd: string;
}

/** The environment of this process. This is the only place that reads it. */
export function readEnvironment(): Environment {
  return { env: process.env, cwd: process.cwd() };
}

/** Path of the configuration file; the only variable that belongs to no key. */
export const configFileVariable = 'HOOKLINE_CONFIG_FILE';

/**
 * The variable of a key: the one it names, else the one that follows from its path.
 *
 * @example variableOf('http.publicUrl', key) // 'HOOKLINE_HTTP_PUBLIC_URL'
 */
export function variableOf(path: string, { variable }: Key): string {
  const words = path.replaceAll('.', '_').replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_');
  return variable ?? `HOOKLINE_${words.toUpperCase()}`;
}

/**
 * Variables that Kubernetes sets in every container of a namespace with a Service named `hookline…`. Refusing them would
 * prevent the start there and nowhere else.
 */
const serviceLink =
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const serviceLinkPort = /^(tcp|udp|sctp):\/\//;

/** Prefix of variables for the tests' own services, which Hookline never reads. */
const testPrefix = 'HOOKLINE_TEST_';

/** The variables with a value. Empty ones count as unset: `docker run -e NAME=` and compose files leave them so. */
export function setVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') set[name] = value;
  }
  return set;
}

/** A line for each `HOOKLINE_…` variable that no key has. Its value is not shown: it may be a secret. */
export function unknownVariables(
  env: Readonly<Record<string, string>>,
  known: readonly string[],
): string[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('HOOKLINE_') && !isForeign(name, value))
    .filter(([name]) => !known.includes(name))
    .map(([name]) => {
      const near = closest(
        name.slice('HOOKLINE_'.length),
        known.map(other => other.slice('HOOKLINE_'.length)),
      );
      const hint =
        near === undefined
          ? 'see `hookline config` for the known ones'
          : `did you mean HOOKLINE_${near}?`;
      return `${name}: unknown variable; ${hint}`;
    });
}

const isForeign = (name: string, value: string): boolean =>
  name.startsWith(testPrefix) ||
  serviceLink.test(name) ||
  (name.endsWith('_PORT') && serviceLinkPort.test(value));
