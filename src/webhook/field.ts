/** The facts that `fields.ts` states of each field of a webhook. */
import type { Static, TSchema } from 'typebox';

/**
 * Who has to know a field's value; each of them includes those before.
 *
 * - `people`: nobody else, so that it is not held in memory.
 * - `engine`: matching and dispatch.
 * - `test`: also whoever asks for a test delivery to a webhook that is not saved yet.
 * - `receiver`: it shows in requests, so a receiver that agreed to get deliveries is asked again when it changes.
 */
export const audiences = ['people', 'engine', 'test', 'receiver'] as const;
export type Audience = (typeof audiences)[number];

/** The option of `hookline webhook create` and `update` that sets a field: `--msg-key <key>  …`. */
export interface FieldOption {
  readonly about: string;
  /** Placeholder of the value, where its type has no good one. @example 'key' */
  readonly value?: string;
  /** Help of `--no-…`; flags alone have it. */
  readonly negated?: string;
  /**
   * How the value is read: `text` from standard input for `-`, as it may be long; `file` from the file that is named;
   * `headers` as `Name: value`, repeated.
   */
  readonly input?: 'text' | 'file' | 'headers';
  /** Name of the option, where it is not the field's. */
  readonly name?: string;
}

interface FieldFacts<Value> {
  /** The value of a new webhook whose request leaves the field out; without it the request must state one. */
  readonly initial?: Value;
  /** Absent where only `hookline apply` sets the field. */
  readonly option?: FieldOption;
}

export const field = <
  const Whom extends Audience,
  Schema extends TSchema,
  const Facts extends FieldFacts<Static<Schema>>,
>(
  knownTo: Whom,
  schema: Schema,
  facts: Facts,
) => ({ knownTo, schema, ...facts });

/** The parts of a field's JSON schema that options, constraints and parameters are derived from. */
export interface Facets {
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | null)[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function facetsOf(field: { readonly schema: TSchema }): Facets;
export function facetsOf({ schema }: { readonly schema: TSchema }): object {
  return schema;
}
