/** Reads values from JSON answers of another system, whose shape is not certain. */

export type Json = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at `name`; empty when there is none. */
export function recordAt(json: Json, name: string): Json {
  const value = json[name];
  return isRecord(value) ? value : {};
}

/** The objects of the list at `name`; none when there is no list. */
export function recordsAt(json: Json, name: string): readonly Json[] {
  const value = json[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** The text at `name`; undefined when it is absent, empty or not text. */
export function textAt(json: Json, name: string): string | undefined {
  const value = json[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The number at `name`; undefined when there is none. */
export function numberAt(json: Json, name: string): number | undefined {
  const value = json[name];
  return typeof value === 'number' ? value : undefined;
}
