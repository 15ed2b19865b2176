/** The protocols as an OpenAPI 3.1 document. */
export { describeProtocols } from './lib/openapi.js'
