import type { Kind } from '../contract.ts';
import type { HttpAnswer } from './http.ts';
import type { Seen } from './seen.ts';

/** Where rows of a kind are: over HTTP, in Postgres, in Redis. */
export interface Entity {
  readonly kind: Exclude<Kind, 'summary'>;
  readonly service: 'user-service' | 'inventory-service';
  readonly domain: 'user' | 'inventory';
  readonly path: string;
  readonly table: string;
  readonly idColumn: string;
  /** As it is kept in Postgres, and the same in an answer. */
  readonly valueColumn: string;
  readonly valueField: string | null;
  /** `service:entity` of its keys in Redis. */
  readonly redisKey: string;
}

const users = { service: 'user-service', domain: 'user' } as const;
const inventory = { service: 'inventory-service', domain: 'inventory' } as const;
const stock = {
  ...inventory,
  path: '/inventory',
  table: 'stock',
  idColumn: 'product_id',
  valueColumn: 'quantity',
  valueField: 'quantity',
  redisKey: 'inventory:stock',
} as const;

export const entities = {
  profile: {
    ...users,
    kind: 'profile',
    path: '/users',
    table: 'users',
    idColumn: 'id',
    valueColumn: 'name',
    valueField: 'name',
    redisKey: 'user:profile',
  },
  session: {
    ...users,
    kind: 'session',
    path: '/sessions',
    table: 'sessions',
    idColumn: 'id',
    // A session does not change: its version says all.
    valueColumn: 'null',
    valueField: null,
    redisKey: 'user:session',
  },
  product: {
    ...inventory,
    kind: 'product',
    path: '/products',
    table: 'products',
    idColumn: 'id',
    valueColumn: 'name',
    valueField: 'name',
    redisKey: 'inventory:product',
  },
  stock: { ...stock, kind: 'stock' },
  'shared-stock': { ...stock, kind: 'shared-stock' },
} as const satisfies Record<Exclude<Kind, 'summary'>, Entity>;

export function valueIn({ valueField }: Entity, body: HttpAnswer['body']): Seen['value'] {
  const value = valueField === null ? null : body[valueField];
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
