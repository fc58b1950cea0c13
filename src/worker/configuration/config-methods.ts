import {
  type CallContext,
  configCompare,
  configConfirm,
  configEffective,
  configGet,
  configHistory,
  configJsonSchema,
  configKey,
  configKeyPaths,
  configPut,
  configRollback,
  configSchema,
  configSchemaVersion,
  configValidate,
  serve,
  type ServedMethod,
} from "#fleet";
import type { Configuration, Editor } from "./configuration.ts";
import { variableOf } from "./environment.ts";

export interface ConfigurationMethodsOptions {
  readonly configuration: Configuration;
  /**
   * Names what a call came over, such as a connection's number or a session's handle: a confirmation must come over
   * another one than the edit (CAT-75).
   */
  readonly connectionOf: (context: CallContext) => string;
}

/** The methods `config.*` of a worker, for its one table (CAT-13, CAT-71). */
export function configurationMethods({ configuration, connectionOf }: ConfigurationMethodsOptions): ServedMethod[] {
  const editor = (context: CallContext): Editor => ({
    name: context.caller.name,
    connection: connectionOf(context),
    isRemote: context.caller.carrier !== "socket",
  });
  const fresh = async (): Promise<Configuration> => {
    await configuration.refresh();
    return configuration;
  };
  return [
    serve(configGet, async () => (await fresh()).get()),
    serve(configSchema, () => ({ version: configSchemaVersion, schema: configJsonSchema(), keys: keyRows() })),
    serve(configEffective, async () => (await fresh()).effective()),
    serve(configValidate, (params) => configuration.validate(params.document)),
    serve(configCompare, (params) => configuration.compare(params.document, params.base)),
    serve(configPut, (params, context) => configuration.put(params, editor(context))),
    serve(configHistory, async () => ({ versions: (await fresh()).history() })),
    serve(configRollback, ({ version, ifMatch }, context) => configuration.rollback(version, ifMatch, editor(context))),
    serve(configConfirm, ({ version }, context) => {
      configuration.confirm(version, editor(context));
      return {};
    }),
  ];
}

function keyRows() {
  return configKeyPaths.map((path) => {
    const { applies, meaning } = configKey(path);
    return { path, applies, meaning, env: variableOf(path) ?? null };
  });
}
