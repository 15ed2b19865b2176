import { SessionError } from './errors.js'
import type { JsonValue } from './json.js'

/** The part of a Standard Schema (standardschema.dev, version 1) that is used: Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The parts of `createSessions` options that say what data looks like. */
export interface DataOptions<Data extends object> {
  /** Keeps this application's keys apart from others' on the same store. Default `app`. `[a-z0-9_-]`, at most 32. */
  readonly namespace?: string
  /** The one namespace that applications share, as `session.shared`. Default `shared`. */
  readonly sharedNamespace?: string
  /** Validates this application's data when a request first reads it. Synchronous schemas only. */
  readonly schema?: StandardSchema<Partial<Data>>
  /** The version of the data that this code writes. Default: none. */
  readonly dataVersion?: number
  /** Turns data of an older version into this one, when a request first reads it; saved with that request's changes. */
  readonly migrate?: (
    data: Readonly<Record<string, JsonValue>>,
    from: number,
  ) => Readonly<Record<string, JsonValue>>
  /** Bytes that a session's data may take in all namespaces together. Default 65,536. */
  readonly maxDataBytes?: number
}

/** {@link DataOptions} with defaults filled in. */
export interface DataRules {
  readonly namespace: string
  readonly sharedNamespace: string
  readonly schema: StandardSchema<object> | null
  readonly dataVersion: number | null
  readonly migrate: DataOptions<object>['migrate'] | null
  readonly maxDataBytes: number
}

const DEFAULT_MAX_DATA_BYTES = 65_536

/** Checks data options. Throws `TypeError` for a wrong type, `ERR_SESSION_CONFIG` for a wrong value. */
export function resolveDataRules(options: DataOptions<object>): DataRules {
  const namespace = readNamespace(options.namespace ?? 'app', 'namespace')
  const sharedNamespace = readNamespace(options.sharedNamespace ?? 'shared', 'sharedNamespace')
  if (namespace === sharedNamespace) throw config('namespace and sharedNamespace must differ')
  const { schema, migrate, dataVersion, maxDataBytes = DEFAULT_MAX_DATA_BYTES } = options
  if (schema === null) throw new TypeError('schema must be a Standard Schema; got null')
  for (const [path, value] of Object.entries({ dataVersion, maxDataBytes })) {
    if (value !== undefined && typeof value !== 'number') {
      throw new TypeError(`${path} must be a number; got ${value === null ? 'null' : typeof value}`)
    }
  }
  if (schema !== undefined && typeof schema['~standard']?.validate !== 'function') {
    throw new TypeError(
      'schema must be a Standard Schema (an object with a ~standard.validate function)',
    )
  }
  if (migrate !== undefined && typeof migrate !== 'function')
    throw new TypeError('migrate must be a function')
  if (dataVersion !== undefined && !(Number.isSafeInteger(dataVersion) && dataVersion >= 1)) {
    throw config('dataVersion must be a whole number from 1')
  }
  if (migrate !== undefined && dataVersion === undefined) throw config('migrate needs dataVersion')
  if (!Number.isSafeInteger(maxDataBytes) || maxDataBytes < 1) {
    throw config('maxDataBytes must be a whole number of bytes from 1')
  }
  return {
    namespace,
    sharedNamespace,
    schema: schema ?? null,
    dataVersion: dataVersion ?? null,
    migrate: migrate ?? null,
    maxDataBytes,
  }
}

function readNamespace(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new TypeError(`${path} must be a string`)
  if (!/^[a-z0-9_-]{1,32}$/.test(value))
    throw config(`${path} must be 1 to 32 characters of a-z, 0-9, _ and -`)
  return value
}

function config(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONFIG', message)
}
