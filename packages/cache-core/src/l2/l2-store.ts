import type { Version } from '../keys/version.ts';

export type LeaseAnswer =
  | { kind: 'granted' }
  | { kind: 'entry'; text: string }
  | { kind: 'lease' }
  | { kind: 'fence' };
export type DropAnswer = 'absent' | 'kept' | 'fenced' | 'dropped';
export type PublishAnswer = DropAnswer | 'published' | 'lifted' | 'shared';

/** The keys of the shared cache. Each write is one script that is harmless when it runs late; see its header. */
export interface L2Store {
  get(key: string): Promise<string | null>;
  lease(key: string, token: string, validFrom: number, fillLeaseMs: number): Promise<LeaseAnswer>;
  /** Whether the entry was stored. */
  fill(key: string, token: string, entry: string, ttlMs: number): Promise<boolean>;
  /** Whether the entry was stored. */
  refresh(key: string, seenVersion: Version, entry: string, ttlMs: number): Promise<boolean>;
  drop(key: string, version: Version): Promise<DropAnswer>;
  /** In one round trip, answers in the same order. */
  dropMany(drops: readonly { key: string; version: Version }[]): Promise<DropAnswer[]>;
  /** Whether there was a fence without a live token; it is removed. */
  clearFence(key: string): Promise<boolean>;
  fence(key: string, token: string, fenceMs: number): Promise<{ primary: boolean; history: string }>;
  publish(
    key: string,
    token: string,
    version: Version,
    stored: { entry: string; ttlMs: number } | null,
  ): Promise<PublishAnswer>;
}
