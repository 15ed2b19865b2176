import type { Scale } from './model.js'

const FULL: Scale = {
  name: 'full',
  repeats: 5,
  fewRepeats: 3,
  warmUpMs: 250,
  measureMs: 400,
  writeMs: 800,
  sessions: 10_000,
  stored: 1_000_000,
  storedFew: 100_000,
  due: 100_000,
  dueFew: 10_000,
  http: { warmUp: 3, measure: 2, connections: 32 },
}

export const SCALES: Readonly<Record<Scale['name'], Scale>> = {
  full: FULL,
  quick: {
    ...FULL,
    name: 'quick',
    repeats: 3,
    fewRepeats: 1,
    warmUpMs: 150,
    measureMs: 150,
    writeMs: 300,
    stored: 100_000,
    storedFew: 10_000,
    due: 10_000,
    dueFew: 1000,
    http: { warmUp: 1, measure: 1, connections: 32 },
  },
  smoke: {
    name: 'smoke',
    repeats: 1,
    fewRepeats: 1,
    warmUpMs: 1,
    measureMs: 1,
    writeMs: 5,
    sessions: 20,
    stored: 100,
    storedFew: 50,
    due: 20,
    dueFew: 10,
    http: { warmUp: 0.1, measure: 0.1, connections: 2 },
  },
}
