import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from "kysely";
import { storableQuery } from "./storable-text.ts";
import { storeFailure, storeFault } from "./store-failure.ts";
import type { StoreTrouble } from "./store-trouble.ts";

/** The dialect, with a driver whose failures are {@link storeFailure}s, and that no failed rollback brings out of step. */
export function carefully(dialect: Dialect, trouble: StoreTrouble): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => new CarefulDriver(dialect.createDriver(), trouble),
  };
}

/** A connection whose failures are told as what they are. */
class CarefulConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #trouble: StoreTrouble;

  constructor(inner: DatabaseConnection, trouble: StoreTrouble) {
    this.inner = inner;
    this.#trouble = trouble;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return foreseen(this.#trouble, () => this.inner.executeQuery<R>(storableQuery(query)));
  }

  /** Nothing of ours streams rows. */
  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery<R>(query, chunkSize);
  }
}

class CarefulDriver implements Driver {
  readonly #inner: Driver;
  readonly #trouble: StoreTrouble;
  /** Connections that may still be in the middle of a transaction which was given up. */
  readonly #unsettled = new WeakSet<DatabaseConnection>();

  constructor(inner: Driver, trouble: StoreTrouble) {
    this.#inner = inner;
    this.#trouble = trouble;
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await this.#acquired();
    try {
      if (this.#unsettled.has(connection)) await this.#settle(connection);
    } catch (error) {
      await this.#inner.releaseConnection(connection);
      throw error;
    }
    return new CarefulConnection(connection, this.#trouble);
  }

  /** Whatever is wrong here, the database is not to be had. */
  async #acquired(): Promise<DatabaseConnection> {
    try {
      return await this.#inner.acquireConnection();
    } catch (error) {
      throw this.#trouble.told(storeFailure(error) ?? storeFault("STORE_UNREACHABLE", error));
    }
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return foreseen(this.#trouble, () => this.#inner.beginTransaction(innerOf(connection), settings));
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return foreseen(this.#trouble, () => this.#inner.commitTransaction(innerOf(connection)));
  }

  /**
   * Never rejects: why the transaction failed is what counts. Databases that fail (a full disk, a broken connection) have
   * rolled back already by themselves, and refuse to do so again.
   */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const inner = innerOf(connection);
    this.#unsettled.add(inner);
    await this.#settle(inner).catch(() => undefined);
  }

  async #settle(inner: DatabaseConnection): Promise<void> {
    try {
      await this.#inner.rollbackTransaction(inner);
    } catch (error) {
      if (!isNoTransaction(error)) throw storeFault("STORE_UNREACHABLE", error);
    }
    this.#unsettled.delete(inner);
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#inner.releaseConnection(innerOf(connection));
  }

  destroy(): Promise<void> {
    return this.#inner.destroy();
  }
}

async function foreseen<T>(trouble: StoreTrouble, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = storeFailure(error);
    throw failure ? trouble.told(failure) : error;
  }
}

function innerOf(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof CarefulConnection ? connection.inner : connection;
}

/** SQLite says so when its failure has ended the transaction; PostgreSQL does not mind. */
function isNoTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes("no transaction is active");
}
