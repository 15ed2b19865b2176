/** 128 random bits as text. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-')
}
