// Who calls: a token is verified once, then remembered until it expires.
import { createRemoteJWKSet, jwtVerify } from "jose";

const MOST = 10_000;
const keys = createRemoteJWKSet(new URL(process.env.AUTH_JWKS_URL!));
const expected = {
  algorithms: ["EdDSA"],
  issuer: process.env.AUTH_ISSUER!,
  audience: process.env.AUTH_AUDIENCE!,
  requiredClaims: ["sub", "exp"],
};
const known = new Map<string, { user: string; until: number }>();

/** The subject of a token that the issuer signed for this service; throws for any other. */
export function caller(authorization: string | undefined): string | Promise<string> {
  if (!authorization?.startsWith("Bearer ")) throw new Error("no token");
  const token = authorization.slice(7);
  const found = known.get(token);
  return found && found.until > Date.now() ? found.user : verified(token);
}

async function verified(token: string): Promise<string> {
  const { payload } = await jwtVerify(token, keys, expected);
  if (known.size >= MOST) known.delete(known.keys().next().value!); // the oldest
  known.set(token, { user: payload.sub!, until: payload.exp! * 1000 });
  return payload.sub!;
}
