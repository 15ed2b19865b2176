import { type Request, type Response, Router } from 'express'
import { type Cart, changeCart, EMPTY_CART, findProduct } from '../cart.js'
import { cartPage } from '../pages/cart.js'
import { Problem } from '../problem.js'
import { allowOnly, done, sendPage, textField, wantsJson } from '../respond.js'

/** A cart that many tabs change at once. It needs no account, and survives the sign-in. */
export function cartRoutes(): Router {
  const router = Router()
  router
    .route('/cart')
    .get(async (req, res) => {
      const cart = req.session.get('cart') ?? EMPTY_CART
      if (wantsJson(req)) res.vary('Accept').json(cart)
      else await sendPage(req, res, (visit) => cartPage(visit, cart))
    })
    .all(allowOnly('GET'))
  router.route('/cart/add').post(changeBy(1)).all(allowOnly('POST'))
  router.route('/cart/remove').post(changeBy(-1)).all(allowOnly('POST'))
  return router
}

function changeBy(by: 1 | -1): (req: Request, res: Response) => Promise<void> {
  return async (req, res) => {
    const product = findProduct(textField(req, 'item'))
    if (product === undefined)
      throw new Problem(400, 'no_such_item', 'The shop does not have this item.')
    const change = (cart: Cart = EMPTY_CART): Cart => changeCart(cart, product, by)
    const cart = await req.session.update('cart', change)
    done(req, res, { json: cart ?? EMPTY_CART, to: '/cart' })
  }
}
