import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

interface Account {
  readonly id: string
  readonly salt: string
  /** scrypt with Node's default cost. These passwords are public; yours deserve a higher one. */
  readonly hash: string
}

const ACCOUNTS: readonly Account[] = [
  {
    id: 'demo1',
    salt: '6QmgulIgJQNm_dU7Eh_e_A',
    hash: 'YgvdaVi-uIA2Zolpmh-omz2Fopq1ZoolZfMBzBiQU2U',
  },
  {
    id: 'demo2',
    salt: 'tPFpDPG8Yxx0wnzChPYY0Q',
    hash: 'oCqgG82E5uN-HnYC-veTX4DJqf8Qj2WKGEKcFKmcMt0',
  },
]

const NOBODY: Account = { id: '', salt: 'AAAAAAAAAAAAAAAAAAAAAA', hash: 'A'.repeat(43) }

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** Whether this is the password of the account. Takes as long for accounts that do not exist. */
export async function checkPassword(id: string, password: string): Promise<boolean> {
  const account = ACCOUNTS.find((each) => each.id === id) ?? NOBODY
  const expected = Buffer.from(account.hash, 'base64url')
  const actual = await derive(password, Buffer.from(account.salt, 'base64url'), expected.length)
  return timingSafeEqual(actual, expected) && account !== NOBODY
}
