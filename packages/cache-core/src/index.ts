export { FreshetError, type FreshetErrorCode, isFreshetError } from './errors.ts';
export { type CacheId, isValidId } from './keys/key.ts';
export { parseVersion, type Version } from './keys/version.ts';
export { type ConnectRedisOptions, connectRedis } from './redis/connect.ts';
export { type Ttl, ttl } from './ttl/ttl.ts';
