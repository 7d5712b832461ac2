import { disposeAtEnd } from './disposal.ts';
import { type FaultProxy, type FaultProxyTarget, openFaultProxy } from './network/fault-proxy.ts';

/** A TCP proxy on 127.0.0.1, between clients and a server of this machine, for this test or test file. */
export async function startFaultProxy(target: FaultProxyTarget): Promise<FaultProxy> {
  const proxy = await openFaultProxy(target);
  disposeAtEnd(`Fault proxy of port ${proxy.port}`, () => proxy.close());
  return proxy;
}
