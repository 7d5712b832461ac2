import type { Target } from '../contract.ts';
import type { Entity } from './entity.ts';
import type { Http } from './http.ts';
import type { KeySpace } from './key-space.ts';
import type { Recorder } from './recorder.ts';
import type { Sql } from './sql.ts';

/** What all clients of a load share. */
export interface World {
  readonly target: Target;
  readonly http: Http;
  readonly sql: Sql;
  readonly recorder: Recorder;
  readonly keys: Readonly<Record<Entity['kind'], KeySpace>>;
  /** Users whose sessions come and go, and who stay themselves. */
  readonly hosts: string[];
  /** Begins every id and marker: two runs on one system share none. */
  readonly prefix: string;
}
