/** The part of a request that says where it comes from: one of express fits. */
export interface AskedRequest {
  get(header: string): string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Whether a page of another site sent it: what a browser says of itself, whichever of the two headers it knows. */
export function isCrossSite(request: AskedRequest): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = request.get('origin');
  // 'null' is the origin of a sandboxed frame, and no URL.
  return origin !== undefined && URL.parse(origin)?.host !== request.get('host');
}

/**
 * Whether it came from this machine, as far as can be told. A proxy on this machine speaks for callers elsewhere, and a
 * page can make a name of its own mean 127.0.0.1, which its `Host` then tells.
 */
export function isLocal(request: AskedRequest): boolean {
  const { remoteAddress } = request.socket;
  const forwarded = request.get('forwarded') ?? request.get('x-forwarded-for');
  const named = URL.parse(`http://${request.get('host') ?? ''}`)?.hostname;
  return (
    remoteAddress !== undefined &&
    isLoopback(remoteAddress) &&
    forwarded === undefined &&
    named !== undefined &&
    isLoopback(named)
  );
}

export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '');
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}
