/** Express 4 under an alias; as far as the tests use it, it is typed like Express 5. */
declare module 'express4' {
  import express from 'express'
  export default express
}
