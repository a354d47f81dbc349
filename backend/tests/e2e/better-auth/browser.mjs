// A page of the frontend in a browser: relative URLs, cookies, and what lib/duly.ts does there.
// Run by typescript.mjs. Prints what was seen, as one JSON object.
const origin = process.env.BETTER_AUTH_URL;
const cookies = new Map();
const seen = { fetched: [] };
const realFetch = globalThis.fetch;
const realNow = Date.now;
let spoil = false;

globalThis.fetch = async (path, options = {}) => {
  const url = new URL(path, origin);
  const headers = new Headers(options.headers);
  if (url.origin === origin) {
    headers.set("Origin", origin);
    headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
  } else if (spoil) {
    spoil = false;
    headers.set("Authorization", `${headers.get("Authorization")}x`);
  }
  const answer = await realFetch(url, { ...options, headers });
  for (const cookie of url.origin === origin ? answer.headers.getSetCookie() : []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    cookies.set(name, value);
  }
  seen.fetched.push(`${options.method ?? "GET"} ${url.pathname} ${answer.status}`);
  return answer;
};

async function watch(name, act) {
  seen.fetched = [];
  const result = await act();
  seen[name] = { result, fetched: [...seen.fetched] };
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

const { duly, forgetToken } = await import("@/lib/duly");
const { buyMilk } = await import("@/app/buy-milk");
const list = async () => (await duly("GET", "/api/tasks")).status;
const account = { name: "Bob", email: "bob@example.com", password: "a-long-password" };

await watch("signedOut", () => list().catch((error) => error.message));
await post("/sign-up/email", account);
await watch("parallel", () => Promise.all([list(), list(), list()]));
await watch("bought", buyMilk);
spoil = true;
await watch("refused", list);
Date.now = () => realNow() + 13.9 * 60_000;
await watch("kept", list);
Date.now = () => realNow() + 14.1 * 60_000;
await watch("renewed", list);
await post("/sign-out", {});
forgetToken();
await watch("signedOutAgain", () => list().catch((error) => error.message));

delete seen.fetched;
console.log(JSON.stringify(seen));
