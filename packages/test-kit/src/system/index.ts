export type { FreshetProcess } from './freshet-process.ts';
export {
  type BodyRoute,
  type HostileRequest,
  hostileBodies,
  hostileIds,
  malformedTags,
  malformedVersions,
} from './hostile-requests.ts';
export { type HeldTransaction, holdTransaction } from './held-transaction.ts';
export { type LoneReplica, startLoneReplica } from './lone-replica.ts';
export { metricOf, runSql, untilRelayed } from './look-inside.ts';
export { problemIn } from './problem-in.ts';
export { type Answer, type RequestOptions, send } from './request.ts';
export { type Domain, type System, type SystemOptions, startSystem } from './start-system.ts';
export { untilBypassed, untilHit } from './until-answered-from.ts';
