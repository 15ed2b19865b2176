const PAUSE = 60_000
const MOST = 100

/** Says the same thing once a minute at most: what is wrong with each request would otherwise fill the disk. */
export function createReminder(
  log: (text: string) => void,
  // A clock that never goes back: who sets the time must not silence it.
  now: () => number = () => performance.now(),
): (text: string) => void {
  const said = new Map<string, number>()
  return (text) => {
    const at = now()
    if (at - (said.get(text) ?? -Infinity) < PAUSE) return
    if (said.size >= MOST) said.clear()
    said.set(text, at)
    log(text)
  }
}
