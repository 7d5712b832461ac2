import { ms, type Page } from './page.ts';
import { type Answer, request, type Pair } from './replica.ts';

const tourProduct = 'tour-lamp';

/** Stock is strong: whoever reads after a write was answered reads that write, on any replica. Asked once, not polled. */
export async function showStrongStock(page: Page, { first, second }: Pair): Promise<void> {
  page.step('Stock is strong: a read after a write sees it, on any replica, at once');
  await request('PUT', `${first}/products/${tourProduct}`, {
    name: 'Lamp',
    description: 'A lamp to show stock with',
    priceCents: 4900,
  });
  const put = await request('PUT', `${first}/inventory/${tourProduct}`, { quantity: 5 });
  page.seen('PUT 5 through replica 1', `${put.status}, ${ms(put.tookMs)}`);
  const before = await request('GET', `${second}/inventory/${tourProduct}`);
  page.seen('GET on replica 2', stock(before));
  page.seen('GET on replica 2, again', stock(await request('GET', `${second}/inventory/${tourProduct}`)));

  const reserved = await request('POST', `${first}/inventory/${tourProduct}/reservations`, { quantity: 2 });
  const after = await request('GET', `${second}/inventory/${tourProduct}`);
  page.seen('reserve 2 through replica 1', `${reserved.status}, ${ms(reserved.tookMs)}`);
  page.seen('GET on replica 2', stock(after));
  page.promise(
    reserved.status === 201 && before.body['quantity'] === 5 && after.body['quantity'] === 3,
    'the first read after the answer is the new one',
    `${reserved.status}, then ${stock(after)}`,
  );
}

function stock({ body, layer, tookMs }: Answer): string {
  return `${String(body['quantity'])} in stock, from ${layer}, ${ms(tookMs)}`;
}
