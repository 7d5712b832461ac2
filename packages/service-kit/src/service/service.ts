import type { Express } from 'express';
import type { CommonConfig } from '../config/common-variables.ts';
import type { Environment } from '../config/read-config.ts';
import type { ReadinessCheck } from '../health/readiness.ts';
import type { Logger } from '../log/logger.ts';
import type { Route } from '../openapi/route.ts';
import type { Closer } from '../shutdown/closers.ts';

/** What a service gets to build itself. */
export interface ServiceContext<Config extends CommonConfig> {
  readonly config: Config;
  readonly log: Logger;
  /**
   * Registers what must be given back at the end. Runs after the last request, the newest first, so
   * register each thing right after it was made; also runs when building fails half-way.
   */
  readonly onClose: (name: string, close: Closer) => void;
  /** Aborted when the shutdown begins: ends streams and long polls. */
  readonly closing: AbortSignal;
}

/** What a service is made of. */
export interface Service {
  readonly routes: readonly Route[];
  /** Whether it should get requests. Default: as soon as it listens. */
  readonly ready?: ReadinessCheck;
  /** Mounts what is no route, such as a console. */
  readonly extend?: (app: Express) => void;
}

export interface ServiceDefinition<Config extends CommonConfig> {
  /** As in logs, traces, `Cache-Status`: `user-service`. */
  readonly name: string;
  /** For the API document. */
  readonly description?: string;
  /** Reads the environment: `(environment) => readConfig(variables, environment)`. */
  readonly config: (environment: Environment) => Config;
  readonly build: (context: ServiceContext<Config>) => Service | Promise<Service>;
}
