// A page of the frontend in a browser: relative URLs, cookies, and what lib/api.ts does there.
// Run by typescript.mjs. Prints what was seen, as one JSON object.
const origin = process.env.BETTER_AUTH_URL;
const cookies = new Map();
const seen = { fetched: [] };
const realFetch = globalThis.fetch;
const realNow = performance.now.bind(performance);
let spoil = false;

globalThis.fetch = async (input, options = {}) => {
  const request = new Request(typeof input === "string" ? new URL(input, origin) : input, options);
  const url = new URL(request.url);
  const { headers } = request;
  if (url.origin === origin) {
    headers.set("Origin", origin);
    headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
  } else if (spoil) {
    spoil = false;
    headers.set("Authorization", `${headers.get("Authorization")}x`);
  }
  const answer = await realFetch(request);
  for (const cookie of url.origin === origin ? answer.headers.getSetCookie() : []) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    cookies.set(name, value);
  }
  seen.fetched.push(`${request.method} ${url.pathname} ${answer.status}`);
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

const { duly, signOut } = await import("@/lib/api");
const { buyMilk } = await import("@/app/buy-milk");
const api = duly(process.env.DULY_URL);
const list = async () => (await api.GET("/api/tasks")).response.status;
const account = { name: "Bob", email: "bob@example.com", password: "a-long-password" };

await watch("signedOut", () => list().catch((error) => error.message));
await post("/sign-up/email", account);
await watch("parallel", () => Promise.all([list(), list(), list()]));
await watch("bought", () => buyMilk(process.env.DULY_URL));
spoil = true;
await watch("refused", list);
performance.now = () => realNow() + 13.9 * 60_000;
await watch("kept", list);
performance.now = () => realNow() + 14.1 * 60_000;
await watch("renewed", list);
await signOut();
await watch("signedOutAgain", () => list().catch((error) => error.message));

delete seen.fetched;
console.log(JSON.stringify(seen));
