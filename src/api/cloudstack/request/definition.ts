/**
 * The definition of a command of CloudStack's API: its parameters and the fields of its answer. Requests are parsed by it,
 * and `listApis` shows it to clients.
 */
import type { Role } from '../../../store/schema/access-words.ts';

/** `cloudId` is shown to clients as a uuid, but accepts any text: the cloud chose the ids of domains and projects. */
export type ParameterKind = 'string' | 'uuid' | 'cloudId' | 'boolean' | 'integer' | 'date';

export interface ParameterDefinition {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly description: string;
  readonly required?: true;
  /** UTF-16 units; 255 when absent. */
  readonly lengthMax?: number;
  /** The name in CloudStack's error texts, if it differs from `name`. */
  readonly field?: string;
  /** Roles that may send it; it is ignored when others do. */
  readonly roles?: readonly Role[];
  /** Kind of object that a uuid identifies. */
  readonly of?: ObjectName;
}

export interface FieldDefinition {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'date' | 'integer' | 'list';
  readonly description: string;
}

/** Kinds of objects in answers. */
export type ObjectName = 'webhook' | 'webhookdelivery' | 'webhookfilter';

export interface CommandDefinition {
  readonly name: string;
  readonly description: string;
  readonly since?: string;
  readonly parameters: readonly ParameterDefinition[];
  /** Absent for commands that only answer whether they succeeded. */
  readonly answers?: ObjectName;
  readonly fields: readonly FieldDefinition[];
}

export const lengthMax = 255;
