import { plainText } from '@freshet/service-kit';
import { z } from 'zod';

/** The caller's own id: what a URL path carries unescaped, less what would be read as something else. */
export const ProductId = z
  .string()
  .regex(/^[A-Za-z0-9._~-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ ~ -')
  .refine((id) => !['.', '..', 'summary'].includes(id), 'must not be ".", ".." or "summary"');

export const Product = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    priceCents: z.int(),
    version: z.string().meta({ description: 'Decimal; it outgrows 2^53' }),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Product' });
export type Product = z.infer<typeof Product>;

export const missingProduct = 'There is no product with this id. Check the id, or PUT the product first.';

export const ProductBody = z
  .strictObject({
    name: plainText({ min: 1, max: 200 }),
    description: plainText({ min: 0, max: 2_000 }),
    priceCents: z.int32().min(0),
  })
  .meta({ id: 'ProductBody' });
export type ProductBody = z.infer<typeof ProductBody>;
