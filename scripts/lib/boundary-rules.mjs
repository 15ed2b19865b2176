/**
 * Who may import whom (DESIGN §3): `core ← http ← adapters`, `core ← stores`,
 * `core, http ← tokens`, `core, http, tokens ← conformance`. The first row whose folder matches a workspace holds for its `src`;
 * a workspace without a row is an error, so that a new package declares its place.
 *
 * - `from`: workspace folders that it may import (`*` ends a prefix)
 * - `node`: the built-in modules that it may import, or 'any'
 * - `packages`: 'none', or 'declared' (dependencies and peerDependencies of its package.json)
 * - `never`: built-in modules that stay out although `node` is 'any'
 */
export const RULES = [
  {
    folder: 'packages/core',
    why: 'core has the rules of a session, no I/O and no dependencies',
    from: [],
    node: ['buffer', 'crypto', 'util', 'zlib'],
    packages: 'none',
  },
  {
    folder: 'packages/http',
    why: 'http knows the Fetch standard and core, nothing else',
    from: ['packages/core'],
    node: [],
    packages: 'none',
  },
  {
    folder: 'packages/browser',
    why: 'browser runs where there is no server, and stands on nothing but the browser',
    from: [],
    node: [],
    packages: 'none',
  },
  {
    folder: 'packages/conformance',
    why: 'conformance proves stores and adapters under any test runner, so it knows none of them',
    from: ['packages/core', 'packages/http', 'packages/tokens'],
    node: 'any',
    never: ['test'],
    packages: 'declared',
  },
  {
    folder: 'packages/stores/*',
    why: 'stores see core only, never HTTP',
    from: ['packages/core'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/adapters/*',
    why: 'adapters see core, http and one another, never a store',
    from: ['packages/core', 'packages/http', 'packages/adapters/*'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/tokens',
    why: 'tokens see core and http, never a store or an adapter',
    from: ['packages/core', 'packages/http'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/protocol',
    why: 'the protocol is what the daemon and its clients share, so it knows neither',
    from: [],
    node: ['crypto'],
    packages: 'declared',
  },
  {
    folder: 'packages/daemon',
    why: 'the daemon puts core, http, tokens and a store together, and is asked by the protocol alone',
    from: [
      'packages/core',
      'packages/http',
      'packages/tokens',
      'packages/stores/*',
      'packages/adapters/node',
      'packages/protocol',
    ],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/client',
    why: 'the client knows the protocol and how responses are guarded, and nothing of what stands behind the daemon',
    from: ['packages/core', 'packages/http', 'packages/adapters/node', 'packages/protocol'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/cli',
    why: 'the command line asks the daemon by the client, starts it, and makes the tables of stores',
    from: ['packages/client', 'packages/daemon', 'packages/stores/*'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'packages/test-servers',
    why: 'servers of tests know the databases and nothing of ours, so that every package may test with them',
    from: [],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'examples/nginx',
    why: 'it takes its accounts and its look from the other example',
    from: ['packages/*', 'examples/express'],
    node: 'any',
    packages: 'declared',
  },
  {
    folder: 'examples/spa',
    why: 'it takes its accounts, certificate and store from the other example',
    from: ['packages/*', 'examples/express'],
    node: 'any',
    packages: 'declared',
  },
  { folder: 'examples/*', why: '', from: ['packages/*'], node: 'any', packages: 'declared' },
  { folder: 'bench', why: '', from: ['packages/*'], node: 'any', packages: 'declared' },
  { folder: 'faults', why: '', from: ['packages/*'], node: 'any', packages: 'declared' },
  { folder: 'races', why: '', from: ['packages/*'], node: 'any', packages: 'declared' },
]

/** Whether a folder matches a rule's pattern: itself, or what lies below `prefix/*`. */
export function matches(pattern, folder) {
  return pattern.endsWith('/*') ? folder.startsWith(pattern.slice(0, -1)) : pattern === folder
}
