/** The environment: the process's own, which of its variables are ours, and which of those nobody knows. */
import { closest } from '../value/closest.ts';
import type { Key } from '../value/key.ts';

export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory: relative paths start here. */
  readonly cwd: string;
}

/** The environment of this process; nothing else reads it. */
export function readEnvironment(): Environment {
  return { env: process.env, cwd: process.cwd() };
}

/** Names the file; the only variable that no key of the schema has. */
export const configFileVariable = 'HOOKLINE_CONFIG_FILE';

/**
 * The variable of a key: its own, or the one that its path makes.
 *
 * @example variableOf('http.publicUrl', key) // 'HOOKLINE_HTTP_PUBLIC_URL'
 */
export function variableOf(path: string, { variable }: Key): string {
  const words = path.replaceAll('.', '_').replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_');
  return variable ?? `HOOKLINE_${words.toUpperCase()}`;
}

/**
 * What Kubernetes puts into every container of a namespace that has a Service named `hookline…`. Refusing these
 * would stop the start there and nowhere else.
 */
const serviceLink =
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const serviceLinkPort = /^(tcp|udp|sctp):\/\//;

/** Read by the tests' own services, never by Hookline. */
const testPrefix = 'HOOKLINE_TEST_';

/** The variables that are set; an empty one is not, as `docker run -e NAME=` and compose files leave them. */
export function setVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') set[name] = value;
  }
  return set;
}

/** One line for each `HOOKLINE_…` variable that no key has. Its value is not shown: it may be a secret. */
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
