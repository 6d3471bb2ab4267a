/** Properties in statements that Kysely builds, columns in SQL: `accountId` and `account_id`. */
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
 * Leaves statements written by hand as they are, and their rows: they are the hot path, and say themselves what their
 * columns are called. The keys of JSON values are left alone as well.
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
