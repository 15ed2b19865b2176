import type { BrowserContext, Page } from 'playwright-core'
import type {
  BrowserClient,
  BrowserClientOptions,
  ClientState,
  IdleWarning,
} from '../../src/index.js'

declare global {
  var client: BrowserClient
  /** Every state that the client's listener was told of. */
  var states: ClientState[]
  var warnings: (IdleWarning | null)[]
}

/** Options that can be handed into a page. */
export type TabOptions = Omit<Partial<BrowserClientOptions>, 'onIdleWarning'>

/** Opens a page with a client in it, named `client`. */
export async function openTab(context: BrowserContext, options: TabOptions = {}): Promise<Page> {
  const page = await context.newPage()
  await page.goto('/')
  await makeClient(page, options)
  return page
}

/** Puts a client into the page that is there. */
export async function makeClient(page: Page, options: TabOptions = {}): Promise<void> {
  const given = JSON.stringify({ clientId: 'spa', ...options })
  await page.evaluate(`import('/holdfast/index.js').then(({ createTokenClient }) => {
    globalThis.states = []
    globalThis.warnings = []
    globalThis.client = createTokenClient({
      ...${given},
      onIdleWarning: (warning) => warnings.push(warning),
    })
    client.listen((state) => states.push(state))
  })`)
}

/** Begins a cookie session and signs the page's client in on it. */
export async function signIn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await fetch('/sign-in', { method: 'POST' })
    await client.signIn()
  })
}

export async function openTabs(
  context: BrowserContext,
  count: number,
  options: TabOptions = {},
): Promise<readonly Page[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab(context, options)))
  await Promise.all(tabs.map((tab) => tab.evaluate(() => client.restore())))
  return tabs
}

interface AskOptions {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

/** What the API says to the page's client: its status, and the body where it is JSON. */
export async function ask(
  page: Page,
  path = '/api',
  init: AskOptions = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  return page.evaluate(
    async ([url, options]) => {
      const response = await client.fetch(url, options)
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    },
    [path, init] as const,
  )
}

/** The code of the error that the client's `fetch` rejects with. */
export async function askInVain(page: Page, path = '/api'): Promise<string> {
  return page.evaluate(
    (url) =>
      client.fetch(url).then(
        ({ status }) => `answered ${status}`,
        (error: unknown) => String(Object(error).code),
      ),
    path,
  )
}

export async function stateOf(page: Page): Promise<ClientState> {
  return page.evaluate(() => client.state)
}

/** Waits until the client of a page is in this status. */
export async function reaches(page: Page, status: ClientState['status']): Promise<ClientState> {
  await page.waitForFunction((wanted) => client.state.status === wanted, status)
  return stateOf(page)
}
