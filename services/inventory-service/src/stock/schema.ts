import { z } from 'zod';

export const Stock = z
  .object({
    productId: z.string(),
    quantity: z.int(),
    version: z.string().meta({ description: 'Decimal; it outgrows 2^53' }),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Stock' });
export type Stock = z.infer<typeof Stock>;

export const missingStock =
  'There is no stock of this product. Check the product id, or PUT its quantity first.';

export const StockBody = z.strictObject({ quantity: z.int32().min(0) }).meta({ id: 'StockBody' });

export const Reservation = z.strictObject({ quantity: z.int32().min(1) }).meta({ id: 'Reservation' });
