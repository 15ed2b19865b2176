// Loaded into every process of a test run by NODE_OPTIONS: records the tokens that are issued and
// copies what leaves the process, for scan.mjs to compare. Does nothing without HOLDFAST_CANARY_DIR.
const folder = process.env['HOLDFAST_CANARY_DIR']

if (folder) await start(folder)

async function start(canary) {
  const TokenKeys = await loadTokenKeys()
  if (typeof TokenKeys?.prototype?.issue !== 'function') return
  const [{ createFile, recordTokens, teeResponses }, http] = await Promise.all([
    import('./record.mjs'),
    import('node:http'),
  ])
  recordTokens(TokenKeys, createFile(canary, 'tokens'))
  teeResponses(http.ServerResponse, createFile(canary, 'tee'))
}

// The core may not be compiled yet, or be broken: its own suites say so better than this can.
async function loadTokenKeys() {
  try {
    return (await import('@holdfast/core/engine')).TokenKeys
  } catch {
    return undefined
  }
}
