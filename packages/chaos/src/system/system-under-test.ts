import type { ServiceName } from '@freshet/local/system';
import type { FaultProxy } from '@freshet/test-kit/network';
import type { Target } from '../contract.ts';

export type ProcessKind = ServiceName | 'gateway' | 'redis-cache' | 'redis-queue' | 'postgres' | 'sentinel';

/** Something that runs in the system, over all its restarts. */
export interface ProcessUnderTest {
  readonly name: string;
  readonly kind: ProcessKind;
  /** Of services. */
  readonly url?: string;
  /** undefined: it does not run at this moment. */
  pid(): number | undefined;
}

/** The proxies between one service process and the servers that it uses. */
export interface Links {
  /** Missing where Sentinels say where the cache is: a proxy would hide that a primary was demoted. */
  readonly redisCache?: FaultProxy;
  readonly postgres: FaultProxy;
  /** Of relays. */
  readonly redisQueue?: FaultProxy;
}

/** How a process ended. */
export interface Death {
  readonly name: string;
  readonly pid: number;
  readonly at: number;
  readonly how: string;
}

/** What a fault may need of the system that it is aimed at. */
export type Capability =
  /** Processes on this machine whose pids are known, and somebody who starts them again. */
  | 'processes'
  /** Fault proxies, and processes that can be started with other settings: a system of our own. */
  | 'own'
  /** One cache Redis at one address. */
  | 'lone-redis'
  | 'sentinel'
  /** The queue writes to a small disk of its own. */
  | 'queue-disk'
  | 'faketime';

/** What can be done to a system of our own, and to no other. */
export interface OwnControl {
  links(name: string): Links;
  /** Does not start it again before what is returned is called. */
  holdDown(name: string): () => void;
  /** Settings for the next starts of a process; null: as usual. */
  setExtras(name: string, extras: ProcessExtras | null): void;
  /** All since the start, oldest first. */
  readonly deaths: readonly Death[];
  /** Where the queue's data is; a disk of its own with the capability `queue-disk`. */
  readonly queueFolder: string;
  /** Lines that a process wrote since then, of `performance.now()`. */
  linesSince(name: string, at: number): readonly string[];
  /** With the capability `sentinel`. */
  readonly sentinel: SentinelControl | undefined;
}

export interface ProcessExtras {
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface SentinelControl {
  readonly group: string;
  readonly sentinelPorts: readonly number[];
  /** The names of the processes, by port. */
  readonly servers: ReadonlyMap<number, string>;
  /** For orders to one of the servers. */
  serverUrl(port: number): string;
  /** The port that most Sentinels name; undefined while they do not agree. */
  primaryPort(): Promise<number | undefined>;
}

/** A running system, with what can be done to it. */
export interface SystemUnderTest {
  readonly target: Target;
  readonly capabilities: ReadonlySet<Capability>;
  /** Of any database of the server, for a superuser. */
  readonly postgres: string;
  readonly redisQueue: string;
  processes(...kinds: ProcessKind[]): readonly ProcessUnderTest[];
  /** @throws when the system is not one of our own */
  readonly own: OwnControl;
  stop(): Promise<void>;
  /** Without asking anybody: for whoever cannot wait. */
  killAll(): void;
}
