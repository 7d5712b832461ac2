/** One safeguard left out: each `find`, which is in its file exactly once, becomes its `replace`. */
export interface Mutant {
  name: string;
  /** Of the coherence protocol, in its words. */
  rule: string;
  /** Id in cache-core's DESIGN.md. */
  guarantee: string;
  /** From the root of the repository. */
  file: string;
  edits: readonly (readonly [find: string, replace: string])[];
  /** false: its file takes no part in the simulation. */
  bySchedules?: false;
  /** Of Vitest: asked where no schedule notices in time. */
  test?: { file: string; title: string };
  /** Why nothing notices: another safeguard does the same work, and this one stays all the same. */
  redundant?: string;
}
