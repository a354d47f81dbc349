// What is sent, and how often.
import {
  add, api, duly, given, has, idOf, lacks, laptop, ready, refusedIn, seen, send, sent, sql, status, stored, tab,
  titles, until,
} from "./browser.mjs";

export async function offline() {
  await api("alice", "POST", "/api/tasks", { title: "Buy milk" });
  await api("alice", "POST", "/api/tasks", { title: "Pay the rent" });
  const window = await tab(laptop, duly, "alice");
  await has(window, "Buy milk", "Pay the rent");
  duly.down();
  await add(window, "Call Bob");
  await send(window, { type: "task.update", id: await idOf(window, "Buy milk"), title: "Buy oat milk" });
  await send(window, { type: "task.delete", id: await idOf(window, "Pay the rent") });
  seen.shown = await titles(window);
  seen.rows = stored("alice");
  await window.close();
  const later = await tab(laptop, duly, "alice");
  seen.after = await titles(later);
  await until("offline", async () => !(await status(later)).online);
  seen.pending = (await status(later)).pending;
  duly.up();
  await later.evaluate(() => replica.retry());
  await sent(later);
  seen.sent = await titles(later);
  seen.online = (await status(later)).online;
  seen.stored = sql("select title, deleted_at is not null from duly.tasks where space_id = %(space)s order by title", "alice");
}

export async function lost() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  duly.losing = 2;
  await add(window, "Buy milk");
  await sent(window);
  duly.losing = 1;
  await send(window, { type: "task.update", id: await idOf(window, "Buy milk"), title: "Buy oat milk" });
  await sent(window);
  seen.lost = duly.losing;
  seen.requests = duly.count("/sync");
  seen.rows = stored("alice");
  seen.changes = sql("select count(*) from duly.history where space_id = %(space)s and type = 'task'", "alice")[0][0];
  seen.shown = await titles(window);
}

export async function carried() {
  const before = (window) =>
    window.addInitScript(() => {
      const carry = globalThis.fetch;
      globalThis.carried = [];
      globalThis.more = { fetch: (url, init) => (carried.push(new URL(url).pathname), carry(url, init)) };
      globalThis.fetch = () => { throw new Error("past the app's own place"); };
    });
  const window = await tab(laptop, duly, "alice", { before });
  await until("a stream", () => duly.streams.size === 1);
  await add(window, "Mine");
  await sent(window);
  seen.carried = await window.evaluate(() => carried);
  seen.requests = duly.requests;
  seen.rows = stored("alice");
}

export async function folded() {
  const { id: list } = await api("alice", "POST", "/api/lists", { name: "Errands" });
  const known = await api("alice", "POST", "/api/tasks", { title: "Buy milk", list_id: list });
  const window = await tab(laptop, duly, "alice");
  await has(window, "Buy milk");
  const edit = (more) => send(window, { type: "task.update", id: known.id, ...more });
  // What is on its way stays as it is.
  duly.hang("/sync");
  const uuids = [await edit({ title: "Buy more milk" })];
  await until("on its way", () => duly.held.length === 1);
  uuids.push(await edit({ title: "Buy oat milk" }), await edit({ description: "Two of them" }));
  uuids.push(await edit({ title: "Buy soy milk", priority: "high" }));
  for (const completed of [true, false, true])
    uuids.push(await send(window, { type: "task.complete", id: known.id, completed }));
  const fresh = await window.evaluate(() => duly.newId());
  uuids.push(await send(window, { type: "task.create", id: fresh, title: "Call", description: "Soon" }));
  uuids.push(await send(window, { type: "task.update", id: fresh, title: "Call Bob", description: null }));
  for (const name of ["Shopping", "Groceries"]) uuids.push(await send(window, { type: "list.update", id: list, name }));
  seen.shown = await titles(window);
  seen.pending = (await status(window)).pending;
  duly.release();
  seen.outcomes = await window.evaluate((uuids) => Promise.all(uuids.map((uuid) => replica.outcome(uuid))), uuids);
  await sent(window);
  seen.version = known.version;
  seen.commands = duly.commands.map((together) => together.map(({ uuid, id, ...command }) => command));
  seen.names = new Set(duly.commands.flat().map(({ uuid }) => uuid)).size;
  seen.rows = sql("select title, description, completed_at is not null from duly.tasks where space_id = %(space)s order by title", "alice");
  seen.lists = sql("select name from duly.lists where space_id = %(space)s and not is_inbox", "alice");
}

export async function between() {
  const { id } = await api("alice", "POST", "/api/tasks", { title: "Series", due_date: "2026-03-01", recurrence: "FREQ=DAILY" });
  const other = await api("alice", "POST", "/api/tasks", { title: "Other" });
  const window = await tab(laptop, duly, "alice");
  await has(window, "Series", "Other");
  duly.hang("/sync");
  await add(window, "On its way");
  await until("on its way", () => duly.held.length === 1);
  await send(window, { type: "task.complete", id });
  await send(window, { type: "task.complete", id, completed: false });
  await send(window, { type: "task.complete", id }); // its occurrences are counted
  await send(window, { type: "task.complete", id: other.id });
  await send(window, { type: "task.create", id: await window.evaluate(() => duly.newId()), title: "Part", parent_id: other.id });
  await send(window, { type: "task.complete", id: other.id }); // which the part has opened
  await send(window, { type: "task.update", id, title: "Before" });
  await send(window, { type: "task.delete", id });
  await send(window, { type: "task.restore", id });
  await send(window, { type: "task.update", id, title: "After" });
  duly.release();
  await sent(window);
  seen.commands = duly.commands.flat().map(({ type }) => type);
  seen.rows = sql("select title, due_date::text, completed_at is not null from duly.tasks where space_id = %(space)s order by title", "alice");
}

export async function apart() {
  const { id } = await api("alice", "POST", "/api/tasks", { title: "Short" });
  const window = await tab(laptop, duly, "alice");
  await has(window, "Short");
  duly.hang("/sync");
  await add(window, "On its way");
  await until("on its way", () => duly.held.length === 1);
  const good = await send(window, { type: "task.update", id, title: "Good" });
  const long = await send(window, { type: "task.update", id, title: "x".repeat(501) });
  const last = await send(window, { type: "task.update", id, priority: "high" });
  duly.release();
  seen.outcomes = await window.evaluate(async (uuids) => {
    const problems = await Promise.all(uuids.map((uuid) => replica.outcome(uuid)));
    return problems.map((problem) => problem?.status ?? null);
  }, [good, long, last]);
  await sent(window);
  seen.sizes = duly.commands.map((together) => together.length);
  seen.shown = await titles(window);
  seen.rows = sql("select title, priority from duly.tasks where space_id = %(space)s order by title", "alice");
}

export async function gateway() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  duly.down();
  for (const title of ["Before", "Suspicious", "After"]) await add(window, title);
  // Of somebody who stands before Duly, and knows nothing of problems.
  const page = { headers: { "content-type": "text/html" }, body: "<h1>No</h1>", to: (body) => body.includes("Suspicious") };
  duly.instead = { "/sync": { status: given.status, ...page } };
  duly.up();
  await window.evaluate(() => replica.retry());
  await sent(window);
  seen.refused = await refusedIn(window);
  seen.titles = await window.evaluate(() => replica.snapshot().refused.map(({ problem }) => problem.title));
  seen.rows = stored("alice");
}

export async function refused() {
  await api("alice", "POST", "/api/tasks", { title: "Short" });
  const gone = await api("alice", "POST", "/api/tasks", { title: "Gone" });
  const window = await tab(laptop, duly, "alice");
  const other = await tab(laptop, duly, "alice");
  await has(other, "Short", "Gone");
  duly.down();
  await add(window, "Before");
  const long = await send(window, { type: "task.update", id: await idOf(window, "Short"), title: "x".repeat(501) });
  const late = await send(window, { type: "task.update", id: gone.id, title: "Too late" });
  await add(window, "After");
  seen.first = (await titles(window)).map((title) => title.slice(0, 9));
  await api("alice", "DELETE", `/api/tasks/${gone.id}`);
  await api("alice", "DELETE", `/api/trash/${gone.id}`);
  duly.up();
  await window.evaluate(() => replica.retry());
  seen.outcome = await window.evaluate(async (uuids) => {
    const problems = await Promise.all(uuids.map((uuid) => replica.outcome(uuid)));
    return problems.map((problem) => problem?.status);
  }, [long, late]);
  await sent(window);
  await lacks(window, "Gone");
  seen.shown = await titles(window);
  seen.rows = stored("alice");
  await until("the other is told", async () => (await refusedIn(other)).length === 2);
  seen.refused = (await refusedIn(other)).sort();
  const before = duly.count("/sync");
  await add(window, "Once more");
  await sent(window);
  seen.requests = duly.count("/sync") - before;
  for (const uuid of [long, late]) await other.evaluate((uuid) => replica.dismiss(uuid), uuid);
  await until("dismissed here too", async () => (await refusedIn(window)).length === 0);
  await window.close();
  await other.close();
  seen.after = await refusedIn(await tab(laptop, duly, "alice"));
}
