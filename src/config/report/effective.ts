/** The effective configuration as `hookline config` shows it: each key's value, masked, and where it came from. */
import { variableOf } from '../load/environment.ts';
import type { Layers } from '../load/load.ts';
import { schema } from '../schema.ts';
import { httpKeys } from '../source/http.ts';
import { kafkaKeys } from '../source/kafka.ts';
import { rabbitmqKeys } from '../source/rabbitmq.ts';
import { listKeys, valueAt } from '../value/key.ts';
import type { Key } from '../value/key.ts';
import { maskValue } from '../value/mask.ts';

export interface EffectiveSetting {
  /** Path of the key, such as `http.port` or `sources[0].url`. */
  readonly key: string;
  /** Value with secrets masked; null when it is absent. */
  readonly value: unknown;
  readonly unit?: string;
  /** Where the value was set: a variable's name, a file's path, or `default`. */
  readonly origin: string;
  /** Environment variable of the key; keys of items of `sources` have none. */
  readonly variable?: string;
}

const keysOf = { rabbitmq: rabbitmqKeys, kafka: kafkaKeys, http: httpKeys } as const;

export function listEffective({ values, sources, origin }: Layers): EffectiveSetting[] {
  const show = (path: string, key: Key, value: unknown): EffectiveSetting => ({
    key: path,
    value: maskValue(value, key) ?? null,
    unit: key.unit,
    origin: origin(path),
  });
  const rows = listKeys(schema)
    .filter(({ path }) => path !== 'sources')
    .map(({ path, key }) => ({
      ...show(path, key, valueAt(values, path)),
      variable: variableOf(path, key),
    }));
  const listed = sources
    .filter(({ path }) => path.startsWith('sources['))
    .flatMap(source => {
      const naming = ['name', 'kind'] as const;
      return [
        ...naming.map(name => ({
          key: `${source.path}.${name}`,
          value: source[name],
          origin: origin(source.path),
        })),
        ...listKeys(keysOf[source.kind]).map(({ path, key }) =>
          show(`${source.path}.${path}`, key, valueAt(source.values, path)),
        ),
      ];
    });
  return [...rows, ...listed];
}
