export { checkProxyAddress, checkWebAddress, normalAddress } from './check-address.ts';
export {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type UpstreamOptions,
} from './outbound.ts';
export { OutboundError, type OutboundErrorCode } from './outbound-error.ts';
export { describe, readProxyUrl, type ProxyAddress, type ReadProxyUrl } from './proxy-url.ts';
export { isPublicAddress } from './public-address.ts';
export { type ProxyEnvironment } from './route.ts';
export type {
  CallListener,
  UpstreamCall,
  UpstreamDispatcher,
  UpstreamRequest,
} from './upstream-dispatcher.ts';
