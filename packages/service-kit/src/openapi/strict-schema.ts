import * as z from 'zod';

/** Whether `schema` refuses unknown fields, in its inner objects and alternatives too. */
export function isStrict(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodObject) {
    return (
      schema.def.catchall instanceof z.ZodNever &&
      Object.values<z.core.$ZodType>(schema.shape).every(isStrict)
    );
  }
  if (schema instanceof z.ZodUnion) return schema.options.every(isStrict);
  if (schema instanceof z.ZodArray) return isStrict(schema.element);
  if (schema instanceof z.ZodPipe) return isStrict(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return isStrict(schema.unwrap());
  }
  return true;
}
