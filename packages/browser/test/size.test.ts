import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const INDEX = fileURLToPath(new URL('../src/index.js', import.meta.url))
/** What the package promises: kilobytes of 1,024 bytes, bundled, minified and gzipped. */
const MOST = 6 * 1024

test('the whole client is at most 6 KB, gzipped', async (context) => {
  const bytes = gzipSync(await bundle(`export * from ${JSON.stringify(INDEX)}`), { level: 9 })
  context.diagnostic(`${bytes.length} bytes`)
  assert.ok(bytes.length <= MOST, `${bytes.length} bytes`)
})

test('an application that imports it without using it carries none of it', async () => {
  const bytes = await bundle(`import { createTokenClient } from ${JSON.stringify(INDEX)}`)
  assert.equal(bytes.toString().trim(), '')
})

test('an application that uses its error only carries little else', async () => {
  const bytes = await bundle(`export { BrowserClientError } from ${JSON.stringify(INDEX)}`)
  assert.ok(bytes.length > 0 && bytes.length < 600, `${bytes.length} bytes`)
})

async function bundle(contents: string): Promise<Buffer> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '/' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  })
  return Buffer.from(outputFiles[0]?.contents ?? new Uint8Array())
}
