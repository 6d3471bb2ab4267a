/**
 * `listApis`: the commands that clients may use. Command line tools generate their own commands from it.
 *
 * Source: apache/cloudstack, ApiDiscoveryServiceImpl, ApiDiscoveryResponse, ApiParameterResponse, ListApisCmd.
 */
import type { Role } from '../../store/schema/access-words.ts';
import type { Fields } from './request/answer.ts';
import { listFields } from './request/answer.ts';
import { CommandError, errorCodes, exceptionCodes } from './request/command-error.ts';
import { commands } from './commands.ts';
import { lengthMax } from './request/definition.ts';
import type { CommandDefinition, ObjectName, ParameterDefinition } from './request/definition.ts';

/**
 * @param role of the caller, which determines the parameters shown.
 * @throws {CommandError} when there is no command of that name.
 */
export function listApis(name: string | undefined, role: Role): Fields {
  const wanted = commands.filter(command => name === undefined || command.name === name);
  if (wanted.length === 0) {
    throw new CommandError(
      errorCodes.internal,
      'Api Discovery plugin was unable to find an api by that name or process any apis',
      exceptionCodes.api,
    );
  }
  return listFields(
    'api',
    wanted.length,
    wanted.map(command => describe(command, role)),
  );
}

function describe(command: CommandDefinition, role: Role): Fields {
  const { name, description, since, answers, parameters, fields } = command;
  return {
    name,
    description,
    since,
    isasync: false,
    related: relatedTo(answers, name),
    params: parameters.filter(({ roles }) => !roles || roles.includes(role)).map(describeParameter),
    response: fields.map(field => ({ ...field })),
  };
}

function describeParameter(parameter: ParameterDefinition): Fields {
  const { name, description, kind, required = false, of } = parameter;
  return {
    name,
    description,
    type: kind === 'cloudId' ? 'uuid' : kind,
    length: parameter.lengthMax ?? lengthMax,
    required,
    related: of && relatedTo(of),
  };
}

/** The commands that answer with such an object; clients complete ids with them. */
function relatedTo(object: ObjectName | undefined, besides?: string): string {
  return commands
    .filter(({ answers, name }) => answers !== undefined && answers === object && name !== besides)
    .map(({ name }) => name)
    .join(',');
}
