/** What is in the cart, and how often that was changed. */
export interface Cart {
  items: Record<string, number>
  changes: number
}

export const PRODUCTS = ['apples', 'bread', 'coffee', 'lemons'] as const

export type Product = (typeof PRODUCTS)[number]

export const EMPTY_CART: Cart = { items: {}, changes: 0 }

const MOST = 9_999

/** The product of that name; undefined if the shop does not have it. */
export function findProduct(name: string): Product | undefined {
  return PRODUCTS.find((product) => product === name)
}

/** The cart with one more (`by` 1) or one less (`by` -1) of a product. */
export function changeCart(cart: Cart, product: Product, by: 1 | -1): Cart {
  const { [product]: before = 0, ...others } = cart.items
  const after = Math.min(Math.max(before + by, 0), MOST)
  const items = after === 0 ? others : { ...others, [product]: after }
  return { items, changes: cart.changes + 1 }
}
