import type { RegisteredSchema } from './audit-store.ts';
import { type NamedKey, nameOf } from './copy.ts';

/** A key of Redis, read back: which logical key it is of, under which schema version. Null for what is none. */
export function parsePhysicalKey(physical: string): { named: NamedKey; number: number } | null {
  const [service = '', second = '', ...rest] = physical.split(':');
  const number = /^v(?<number>[1-9]\d{0,8})$/.exec(second)?.groups?.['number'];
  const named = nameOf(number === undefined ? physical : [service, ...rest].join(':'));
  return named === null ? null : { named, number: Number(number ?? 1) };
}

/** The schema version under which it is kept; undefined where no replica has registered one. */
export function schemaOf(
  { named, number }: { named: NamedKey; number: number },
  schemas: readonly RegisteredSchema[],
): RegisteredSchema | undefined {
  return schemas.find(
    (schema) =>
      schema.service === named.service && schema.entity === named.entity && schema.number === number,
  );
}
