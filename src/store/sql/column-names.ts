/** Translates names between statements that Kysely builds and SQL: `accountId` there is `account_id` here. */
import {
  CamelCasePlugin,
  RawNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';

/**
 * Leaves statements written by hand and their rows as they are: the hot path consists of them, and they name their
 * columns themselves. So a built condition must not be put into a statement written by hand; the other way round works.
 * The keys of JSON values are left alone as well.
 */
export class ColumnNames extends CamelCasePlugin {
  readonly #byHand = new WeakSet<PluginTransformQueryArgs['queryId']>();

  constructor() {
    super({ maintainNestedObjectKeys: true });
  }

  override transformQuery(args: PluginTransformQueryArgs): RootOperationNode {
    if (!RawNode.is(args.node)) return super.transformQuery(args);
    this.#byHand.add(args.queryId);
    return args.node;
  }

  override async transformResult(
    args: PluginTransformResultArgs,
  ): Promise<QueryResult<UnknownRow>> {
    return this.#byHand.has(args.queryId) ? args.result : super.transformResult(args);
  }
}
