/** Rows are hashed over this text of them. */
export { canonicalJson, isJsonObject, isList, type Json, type JsonObject } from "#core";
