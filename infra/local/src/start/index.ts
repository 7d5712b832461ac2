// The pieces of the launcher, for programs that put a system together themselves and break it on purpose.
export { gatewayPart } from './gateway.ts';
export { createDatabases } from './given-postgres.ts';
export { untilHealthy } from './healthy.ts';
export { type Logs, openLogs } from './logs.ts';
export { type Extras, postgresPart, redisPart, servicePart } from './parts.ts';
export { listenForStop, type StopRequest } from './stop-request.ts';
export { type Part, Supervisor } from './supervisor.ts';
export type { SystemDescription } from './system-file.ts';
export { databaseOf, databaseUrl, type Instance, type Servers, type ServiceName } from './topology.ts';
