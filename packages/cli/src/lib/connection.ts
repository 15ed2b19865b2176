import { UsageError } from './command.js'

/** Where a database is, for people: without user, password and options. */
export function placeOf(url: URL): string {
  const host = url.searchParams.get('host') ?? url.host
  return `${host || 'localhost'}${url.pathname === '/' ? '' : url.pathname}`
}

/** A text in which no connection string shows its user, password or options. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, '$1***@')
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?]*)\?\S*/gi, '$1?***')
    .replaceAll(/\b(password|passwd|pwd)=\S*/gi, '$1=***')
}

/** The address of a PostgreSQL database. Errors: {@link UsageError}, which never quotes it: it may hold a password. */
export function postgresUrl(text: string | undefined): URL {
  if (text === undefined || text === '') {
    throw new UsageError(
      'Which database? Give its address (postgres://user@host/database), or set HOLDFAST_STORE.',
    )
  }
  if (!URL.canParse(text)) {
    throw new UsageError(
      "That is not the address of a database. It looks like postgres://user@host/database; characters such as '/', '@' and '#' in a password are written as %2F, %40 and %23.",
    )
  }
  const url = new URL(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw new UsageError(
      `Only PostgreSQL has tables to migrate; ${url.protocol}// needs no migration.`,
    )
  }
  return url
}
