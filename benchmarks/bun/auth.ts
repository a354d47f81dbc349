// Who calls: jose fetches the key set once and verifies each token, as its documentation has it.
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL(process.env.AUTH_JWKS_URL!));
const expected = {
  algorithms: ["EdDSA"],
  issuer: process.env.AUTH_ISSUER!,
  audience: process.env.AUTH_AUDIENCE!,
  requiredClaims: ["sub", "exp"],
};

/** The subject of a token that the issuer signed for this service; throws for any other. */
export async function caller(authorization: string | undefined): Promise<string> {
  if (!authorization?.startsWith("Bearer ")) throw new Error("no token");
  const { payload } = await jwtVerify(authorization.slice(7), keys, expected);
  return payload.sub!;
}
