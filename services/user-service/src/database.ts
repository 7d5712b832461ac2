import type { Generated, Kysely } from 'kysely';

interface UsersTable {
  id: string;
  name: string;
  email: string;
  avatar_url: string | null;
  /** Drawn by a trigger from the domain's sequence; int8 arrives as a decimal string. */
  version: Generated<string>;
  updated_at: Generated<Date>;
}

interface SessionsTable {
  id: string;
  user_id: string;
  created_at: Date;
  expires_at: Date;
  version: Generated<string>;
}

export interface Tables {
  users: UsersTable;
  sessions: SessionsTable;
}

/** The pool, or the client of the transaction in hand. */
export type Database = Kysely<Tables>;
