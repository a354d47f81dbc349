// A real Better Auth on real PostgreSQL, alone on a free port of the loopback interface.
//
// It takes one JSON argument:
//   host          where it listens, if not on 127.0.0.1
//   database      connection string of an existing database
//   auth          options of betterAuth(), as its documentation writes them
//   jwt           options of jwt(), as its documentation writes them
//   payload       columns of the user that definePayload puts into the token
//   sharedSecret  sign HS256 with this text through jwt.sign instead of with own keys
//   unbound       leave iss and aud out of these, and call the subject userId
//
// When it listens and its tables exist it prints one line, {"url": …}. It ends on SIGTERM,
// and when its standard input closes: it cannot outlive whoever started it.
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import pg from "pg";

const { host = "127.0.0.1", database, auth = {}, jwt: jwtOptions = {}, payload, sharedSecret, unbound } = JSON.parse(process.argv[2]);

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function signHS256({ iss, aud, sub, ...rest }) {
  const claims = unbound ? { ...rest, userId: sub } : { ...rest, iss, aud, sub };
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", sharedSecret).update(signed).digest("base64url")}`;
}

// Functions cannot travel as JSON, so these two have a word of their own.
const functions = {
  ...(payload && {
    definePayload: ({ user }) => Object.fromEntries(payload.map((column) => [column, user[column]])),
  }),
  ...(sharedSecret && { sign: signHS256 }),
};

const server = createServer();
await new Promise((listening) => server.listen(0, host, listening));
const url = `http://${host}:${server.address().port}`;

const pool = new pg.Pool({ connectionString: database });
const instance = betterAuth({
  baseURL: url,
  secret: randomBytes(32).toString("base64"),
  emailAndPassword: { enabled: true },
  ...auth,
  database: pool,
  plugins: [bearer(), jwt({ ...jwtOptions, jwt: { ...jwtOptions.jwt, ...functions } })],
});
const { runMigrations } = await getMigrations(instance.options);
await runMigrations();

server.on("request", toNodeHandler(instance));
console.log(JSON.stringify({ url }));

const stop = () => process.exit(0);
process.on("SIGTERM", stop);
process.stdin.on("end", stop).resume();
