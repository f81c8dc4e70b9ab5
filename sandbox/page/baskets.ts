import type { ApiClient, RowOf } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { copyOf, find, part, write } from "./dom.ts";

const question = {
  columns: { name: true, capacity: true },
  orderBy: { name: "asc" },
  with: { fruit: { columns: { name: true, sweetness: true }, orderBy: { sweetness: "desc", name: "asc" } } },
} as const;

type Basket = RowOf<Api, "baskets", "GET", typeof question>;
type Fruit = Basket["fruit"][number];

/** Shows all baskets, each with its fruits. */
export async function showBaskets(api: ApiClient<Api>): Promise<void> {
  const { baskets } = await api.get("baskets", question);
  find(document, "#baskets .baskets", HTMLUListElement).replaceChildren(...baskets.map(basketItem));
}

function basketItem({ name, capacity, fruit }: Basket): HTMLElement {
  const item = copyOf("basket");
  write(item, { name, filled: `${fruit.length} of ${capacity}` });
  if (fruit.length > 0) part(item, "fruits").replaceChildren(...fruit.map(fruitItem));
  return item;
}

function fruitItem({ name, sweetness }: Fruit): HTMLElement {
  const item = copyOf("fruit");
  write(item, { name });
  const meter = part(item, "sweetness", HTMLMeterElement);
  meter.value = sweetness;
  meter.title = `sweetness ${sweetness}`;
  meter.ariaLabel = `sweetness of ${name}`;
  return item;
}
