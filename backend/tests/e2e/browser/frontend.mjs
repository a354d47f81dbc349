// A page of a frontend whose origin is not Duly's: it signs up with Better Auth and calls with the
// token, cookies included. Prints what the page could read, as one JSON object.
import { finish, given, page, seen } from "./chromium.mjs";

await page.goto(`${given.origin}/api/auth/ok`);
seen.page = await page.evaluate(async ({ duly, name }) => {
  const json = { "Content-Type": "application/json" };
  const account = { name, email: `${name}@example.com`, password: "a-long-password" };
  const signUp = { method: "POST", headers: json, body: JSON.stringify(account) };
  const { user } = await (await fetch("/api/auth/sign-up/email", signUp)).json();
  const { token } = await (await fetch("/api/auth/token")).json();

  const call = async (method, path, { body, ...more } = {}) => {
    const headers = { Authorization: `Bearer ${token}`, traceparent: "00-1-1-00", ...json, ...more };
    const options = { method, headers, credentials: "include", body: JSON.stringify(body) };
    try {
      const answer = await fetch(`${duly}${path}`, options);
      const text = await answer.text();
      return { status: answer.status, etag: answer.headers.get("ETag"), body: text && JSON.parse(text) };
    } catch (error) {
      return { blocked: String(error) };
    }
  };
  const made = await call("POST", "/api/tasks", { body: { title: "Buy milk" } });
  const own = `/api/${encodeURIComponent(user.id)}/tasks`;
  return {
    user: user.id,
    claims: JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))),
    made,
    listed: await call("GET", own),
    changed: await call("PATCH", `${own}/${made.body?.id}`, { body: { title: "x" }, "If-Match": made.etag }),
    stale: await call("PATCH", `${own}/${made.body?.id}`, { body: { title: "y" }, "If-Match": '"0"' }),
    others: await call("GET", "/api/somebody-else/tasks"),
    me: await call("GET", "/api/auth/me"),
  };
}, given);
await finish();
