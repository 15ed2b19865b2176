import type { DeepReadonly } from '@holdfast/core'
import { type Cart, PRODUCTS } from '../cart.js'
import { type Html, html } from '../html.js'
import { form, type PageParts, type Visit } from './layout.js'

export function cartPage(visit: Visit, cart: DeepReadonly<Cart>): PageParts {
  return {
    title: 'Cart',
    content: html`<h1>Cart</h1>
      <p class="lead">
        Open this page in several tabs and press away: each change is applied to the cart as it is
        then, so that no tab’s change is lost.
      </p>
      <div class="card">
        <ul class="products">
          ${PRODUCTS.map((product) => productItem(visit, product, cart))}
        </ul>
        <p class="total">
          <span id="changes">${cart.changes}</span> ${cart.changes === 1 ? 'change' : 'changes'} so
          far, all kept.
        </p>
        <div class="actions" id="burst" hidden>
          <button type="button">Add 20 lemons, 20 requests at once</button>
          <p role="status" class="hint"></p>
        </div>
      </div>
      <p class="hint">
        ${
          visit.subject === null
            ? 'You need no account for this, and what is in the cart stays when you sign in.'
            : 'The cart is part of this session. Another browser has its own.'
        }
      </p>`,
  }
}

function productItem(visit: Visit, product: string, cart: DeepReadonly<Cart>): Html {
  const count = cart.items[product] ?? 0
  return html`<li>
    <span class="name">${product}</span>
    ${changeForm(visit, product, '/cart/remove', html`−`, 'Remove one of', count === 0)}
    <output aria-label="${product}" data-product="${product}">${count}</output>
    ${changeForm(visit, product, '/cart/add', html`+`, 'Add one of', false)}
  </li>`
}

function changeForm(
  visit: Visit,
  product: string,
  action: string,
  sign: Html,
  label: string,
  disabled: boolean,
): Html {
  return form(
    visit,
    action,
    html`<input type="hidden" name="item" value="${product}" /><button
        class="round"
        aria-label="${label} ${product}"
        ${disabled ? html` disabled` : null}
      >
        ${sign}
      </button>`,
  )
}
