export type { AccessClaims } from './lib/access/claims.js'
export { signAccessToken } from './lib/access/sign.js'
export { AccessTokenVerifier } from './lib/access/verifier.js'
export type { VerifierOptions } from './lib/access/verifier.js'
export { TokenError } from './lib/errors.js'
export type { TokenErrorCode, TokenReason } from './lib/errors.js'
export { exportSigningKey, generateSigningKey, importSigningKey } from './lib/keys/generate.js'
export { createKeySet } from './lib/keys/key-set.js'
export type { KeySet } from './lib/keys/key-set.js'
export type { SigningAlgorithm, SigningKey, VerificationKey } from './lib/keys/signing-key.js'
export { createNonces } from './lib/dpop/nonces.js'
export type { NonceOptions, Nonces } from './lib/dpop/nonces.js'
export { verifyProof } from './lib/dpop/proof.js'
export type { Proof, ProofExpectation } from './lib/dpop/proof.js'
export { createTokens } from './lib/create-tokens.js'
export type { Tokens } from './lib/create-tokens.js'
export type {
  DeviceOptions,
  IssueOptions,
  RefreshOptions,
  RevokeOptions,
  SignInOptions,
} from './lib/call-options.js'
export type { TokenEndpoint } from './lib/endpoints/endpoints.js'
export type { TokenClientOptions } from './lib/grants/clients.js'
export type { Introspection } from './lib/grants/introspect.js'
export type { PresentedProof } from './lib/grants/proofs.js'
export type { Revocation } from './lib/grants/revoke.js'
export type { TokenSet } from './lib/grants/token-set.js'
export { consumeOnce } from './lib/once/consume-once.js'
export { singleUseTokens } from './lib/once/single-use.js'
export type {
  IssuedSingleUse,
  SingleUse,
  SingleUseOptions,
  SingleUseTokens,
} from './lib/once/single-use.js'
export type { TokensOptions } from './lib/tokens-options.js'
export type { RotateOptions } from './lib/keys/dated-key.js'
export { fileKeySet } from './lib/keys/file-key-set.js'
export type { FileKeySet, FileKeySetOptions, RotatingKeySet } from './lib/keys/file-key-set.js'
export type { KeyInfo, KeyState } from './lib/keys/timeline.js'
export { refusalOf } from './lib/resource/answer.js'
export type { Refusal } from './lib/resource/answer.js'
export { remoteKeys } from './lib/resource/remote-keys.js'
export type { KeySource, RemoteKeysOptions } from './lib/resource/remote-keys.js'
export { accessClaims, requireAccessToken } from './lib/resource/require-access-token.js'
export type {
  HandledRequest,
  HandledResponse,
  RequireAccessTokenOptions,
} from './lib/resource/require-access-token.js'
export type { AccessRequirements } from './lib/resource/requirements.js'
export { createResourceServer } from './lib/resource/resource-server.js'
export type {
  Access,
  AccessRequest,
  ResourceServer,
  ResourceServerOptions,
} from './lib/resource/resource-server.js'
export { withAccessToken } from './lib/resource/with-access-token.js'
export type { AccessHandler, WithAccessTokenOptions } from './lib/resource/with-access-token.js'
export { storeKeySet } from './lib/keys/store-key-set.js'
export type { StoreKeySet, StoreKeySetOptions } from './lib/keys/store-key-set.js'
