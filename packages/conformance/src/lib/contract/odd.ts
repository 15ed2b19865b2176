/** Data keys that an engine might take for something else. */
export const ODD_KEYS: readonly string[] = [
  ['app:__proto__', 'app:constructor', 'app:#version', ':', '', 'app:a b', 'app:"\\\''],
  ['app:..', 'app:../../etc/passwd', 'app:%00', 'app:\n\r\t', 'app:\u007f', 'app:ключ', 'app:{}'],
  ['app:🔑', 'app:e\u0301', 'app:\u00e9', `app:${'k'.repeat(128)}`, '*', 'app:$set', "app:'; --"],
  ['app:日本語'],
].flat()

/** JSON texts that must come back letter by letter. */
export const ODD_TEXTS: readonly string[] = [
  ['""', '"\\u0000"', 'null', '"🔑"', '"\\ud83d"', '{"__proto__":1}', '1e400', '[]'],
].flat()

/** Subjects that differ in what an index might not tell apart. */
export const ODD_SUBJECTS: readonly string[] = [
  ['a', 'A', 'ab', 'a ', ' a', 'a/', 'a/b', 'a:b', 'a:', ':a', '{}', '{a}', '..', '.', '*', '?'],
  ['"', "'", '\\', '`', '$', '%', '%00', "a'; DROP TABLE sessions; --", '__proto__', 'null', '0'],
  ['\u0001', '\u0001\u0001', '\n', '\r\n', '\t', '\u007f', 'é', 'e\u0301', 'ß', 'ſ', 'İ', 'i'],
  [
    '日本語',
    '🔑',
    '🔑🔑',
    '\uffff',
    '\u200b',
    'user@example.org',
    'x'.repeat(254),
    'x'.repeat(255),
  ],
  ['é'.repeat(255), '🔑'.repeat(127), `${'x'.repeat(254)}y`, 'auth0|5f7c8ec7c33c6c004bbafe82'],
].flat()
