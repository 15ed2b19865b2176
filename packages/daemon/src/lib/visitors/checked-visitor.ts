import { VisitorRequest } from './visitor-request.js'

const NO_NAVIGATION = 'tokens are renewed only where a page is navigated to'

/**
 * A visitor's request that a web server asks about. Its answer is somebody else's, who may set a cookie of the same name, drop
 * ours or never send it; so no token leaves with it unless a page is navigated to, of which there is one at a time.
 */
export class CheckedVisitor extends VisitorRequest {
  get refusal(): string | null {
    return this.isNavigation ? null : NO_NAVIGATION
  }
}
