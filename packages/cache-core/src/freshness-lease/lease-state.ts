/** `held`: L1 may answer, within each policy's bound. Else why not. */
export type LeaseState = { held: true } | { held: false; reason: LeaseLoss };

export type LeaseLoss =
  | 'starting'
  /** No relay has brought this Redis up to date. */
  | 'unblessed'
  /** Redis's clock stepped back, and no relay has looked since. */
  | 'no-watermark'
  /** No relay moves the watermark: it is older than the domain allows. */
  | 'watermark-old'
  /** The log does not reach back to what was applied here. */
  | 'reset'
  | 'connection-lost'
  | 'renewal-failed'
  /** Not renewed in time, or a clock says so. */
  | 'expired'
  | 'closed';
