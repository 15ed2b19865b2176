import { createPrivateKey, X509Certificate } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { days } from '@holdfast/core'
import { createSecret, readSecret } from './data-folder.js'

/** A certificate with its private key, both as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** The certificate for https://localhost, kept in the data folder; made anew when there is none or it is about to end. */
export async function readCertificate(folder: string): Promise<Certificate> {
  const path = join(folder, 'localhost.pem')
  const pem = readSecret(path)
  if (pem !== null && isGood(pem)) return { cert: pem, key: pem }
  if (pem !== null) rmSync(path)
  createSecret(path, await makeCertificate())
  return readCertificate(folder)
}

/** For localhost and 127.0.0.1, good for a year, ECDSA P-256. */
async function makeCertificate(): Promise<string> {
  const { generate } = await import('selfsigned')
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // A clock that is a little behind accepts it, too.
    notBeforeDate: new Date(Date.now() - days(1)),
    notAfterDate: new Date(Date.now() + days(365)),
  })
  return `${key.trim()}\n${cert.trim()}\n`
}

function isGood(pem: string): boolean {
  try {
    const certificate = new X509Certificate(pem)
    const end = Date.parse(certificate.validTo)
    return end > Date.now() + days(7) && certificate.checkPrivateKey(createPrivateKey(pem))
  } catch {
    return false
  }
}
