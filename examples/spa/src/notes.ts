const MOST = 20

/** What people wrote down, the newest last. In memory: this is an example of sessions, not of notes. */
export class Notes {
  readonly #bySubject = new Map<string, readonly string[]>()

  of(subject: string): readonly string[] {
    return this.#bySubject.get(subject) ?? []
  }

  add(subject: string, text: string): readonly string[] {
    const notes = [...this.of(subject), text].slice(-MOST)
    this.#bySubject.set(subject, notes)
    return notes
  }
}
