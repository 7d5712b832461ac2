import { z } from 'zod';

export const Summary = z
  .object({
    products: z.int().meta({ description: 'Products in the catalogue' }),
    units: z.int().meta({ description: 'Units in stock, of all products' }),
    outOfStock: z.int().meta({ description: 'Products without a single unit' }),
    asOf: z.iso.datetime().meta({ description: 'When this was counted' }),
  })
  .meta({ id: 'Summary' });
export type Summary = z.infer<typeof Summary>;
