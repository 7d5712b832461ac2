import { keyOf, type Statement } from './statement.ts';

/**
 * Remembers from when on this page has known what nobody can date: since when a domain is unblessed, say. A statement keeps its
 * time while it is made again and again, whatever its figures do, and loses it once it is not made any more.
 */
export class Noticed {
  #at: ReadonlyMap<string, string> = new Map();

  /** @param now relay time, ms */
  date(statements: readonly Statement[], now: number): Statement[] {
    const at = new Map<string, string>();
    const dated = statements.map((statement) => {
      if (statement.since !== undefined) return statement;
      const key = keyOf(statement);
      const noticed = this.#at.get(key) ?? new Date(now).toISOString();
      at.set(key, noticed);
      return { ...statement, noticed };
    });
    this.#at = at;
    return dated;
  }
}
