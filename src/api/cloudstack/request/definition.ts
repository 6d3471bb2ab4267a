/**
 * What a command of CloudStack's API is: its parameters and the fields of its answer. By it requests are read, and
 * `listApis` tells clients what they may ask.
 */
import type { Role } from '../../../store/schema/access.ts';

/** `cloudId` is a uuid to clients, and any text here: ids of domains and projects are the cloud's own. */
export type ParameterKind = 'string' | 'uuid' | 'cloudId' | 'boolean' | 'integer' | 'date';

export interface ParameterDefinition {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly description: string;
  readonly required?: true;
  /** UTF-16 units; 255 when absent. */
  readonly lengthMax?: number;
  /** As CloudStack's error texts call it, where that differs from `name`. */
  readonly field?: string;
  /** It is ignored when others send it. */
  readonly roles?: readonly Role[];
  /** What kind of object a uuid is of. */
  readonly of?: ObjectName;
}

export interface FieldDefinition {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'date' | 'integer' | 'list';
  readonly description: string;
}

/** The objects that answers consist of. */
export type ObjectName = 'webhook' | 'webhookdelivery' | 'webhookfilter';

export interface CommandDefinition {
  readonly name: string;
  readonly description: string;
  readonly since?: string;
  readonly parameters: readonly ParameterDefinition[];
  /** Absent: whether it succeeded. */
  readonly answers?: ObjectName;
  readonly fields: readonly FieldDefinition[];
}

export const lengthMax = 255;
