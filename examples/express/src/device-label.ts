import { parse } from 'bowser'
import type { ClientFacts } from '@holdfast/core'

/** A name that people recognise, such as "Firefox on Linux"; for programs their own, such as "curl". */
export function deviceLabel({ userAgent }: ClientFacts): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os } = parse(userAgent.slice(0, 256))
  if (browser.name === undefined || browser.name === '')
    return /^[A-Za-z][\w.-]{0,39}/.exec(userAgent)?.[0] ?? 'Unknown device'
  return os.name === undefined ? browser.name : `${browser.name} on ${os.name}`
}
