import assert from 'node:assert/strict'
import test from 'node:test'
import { PgDriver } from '../src/lib/drivers/pg.js'
import { skipPostgres as skip } from '@holdfast/test-servers/postgres'
import { Stage } from './lib/stage.js'

const stage = new Stage()
const EVENTS = { heard: () => undefined, lost: () => undefined }

// `pg` warns once in a process, so this test has one to itself.

test(
  'pg is given no statement to listen by before the last one is answered',
  { skip },
  async (t) => {
    const warnings: string[] = []
    const note = ({ message }: Error): void => {
      warnings.push(message)
    }
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    const ear = await new PgDriver(stage.server.pool(), true).listen('some', EVENTS)
    t.after(() => ear.close())
    const run = (text: string): Promise<unknown> => ear.run({ name: text, text }, [])
    const answers = await Promise.allSettled([
      run('select 1'),
      run('select wrong'),
      run('select 2'),
      run('select 3'),
    ])
    assert.deepEqual(
      answers.map((each) => (each.status === 'fulfilled' ? each.value : 'refused')),
      [[[1]], 'refused', [[2]], [[3]]],
    )
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    assert.deepEqual(warnings, [])
  },
)
