/** The effective configuration as `hookline config` shows it: each key's value, masked, and where it came from. */
import type { Key, Section } from '../value/value-kind.ts';
import type { Layers } from '../load/load.ts';
import { maskValue } from '../value/mask.ts';
import { httpKeys } from '../source/http-schema.ts';
import { listKeys, valueAt } from '../load/prune.ts';
import { schema } from '../schema.ts';
import { kafkaKeys, rabbitmqKeys } from '../source/source-schema.ts';

export interface EffectiveSetting {
  /** `http.port`, `sources[0].url`. */
  readonly key: string;
  /** Secrets are masked; null where a fact is absent. */
  readonly value: unknown;
  readonly unit?: string;
  /** A variable's name, a file's path, or `default`. */
  readonly origin: string;
  /** The variable that sets it; items of `sources` have none. */
  readonly variable?: string;
}

const keysOf = { rabbitmq: rabbitmqKeys(), kafka: kafkaKeys(), http: httpKeys } as const;

export function listEffective({ raw, sources, origin }: Layers): EffectiveSetting[] {
  const show = (path: string, key: Key, value: unknown): EffectiveSetting => ({
    key: path,
    value: maskValue(value, key),
    ...(key.unit !== undefined && { unit: key.unit }),
    origin: origin(path),
    ...(key.env !== undefined && { variable: key.env }),
  });
  const rows = listKeys(schema)
    .filter(({ path }) => path !== 'sources')
    .map(({ path, key }) => show(path, key, valueAt(raw, path)));
  const listed = sources
    .filter(({ path }) => path.startsWith('sources['))
    .flatMap(source => {
      const keys: Section = keysOf[source.kind];
      const naming = ['name', 'kind'] as const;
      return [
        ...naming.map(name => ({
          key: `${source.path}.${name}`,
          value: source[name],
          origin: origin(source.path),
        })),
        ...listKeys(keys).map(({ path, key }) =>
          show(`${source.path}.${path}`, key, valueAt(source.raw, path)),
        ),
      ];
    });
  return [...rows, ...listed];
}
