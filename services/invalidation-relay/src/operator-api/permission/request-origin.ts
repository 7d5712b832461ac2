/** The part of a request that says where it comes from: one of express fits. */
export interface AskedRequest {
  get(header: string): string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * Whether a page of another site sent it: what a browser says of itself. The newer header decides where it is there, as no
 * page can set it, and it holds behind a proxy that changes `Host` too.
 */
export function isCrossSite(request: AskedRequest): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = request.get('origin');
  // 'null' is the origin of a sandboxed frame, and no URL.
  return origin !== undefined && URL.parse(origin)?.host !== request.get('host');
}

/**
 * Whether it was sent to this machine under one of the names that only this machine has. A page can make a name of its own
 * mean 127.0.0.1, and is of one site with whatever answers there; its `Host` then tells.
 */
export function namesLoopback(request: AskedRequest): boolean {
  const named = URL.parse(`http://${request.get('host') ?? ''}`)?.hostname;
  return named !== undefined && isLoopback(named);
}

/** Whether it came from this machine, as far as can be told. A proxy on this machine speaks for callers elsewhere. */
export function isLocal(request: AskedRequest): boolean {
  const { remoteAddress } = request.socket;
  const forwarded = request.get('forwarded') ?? request.get('x-forwarded-for');
  return (
    remoteAddress !== undefined &&
    isLoopback(remoteAddress) &&
    forwarded === undefined &&
    namesLoopback(request)
  );
}

export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '');
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}
