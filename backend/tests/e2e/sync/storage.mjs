// Where it is kept, and where it is not.
import {
  add, api, duly, given, has, idOf, laptop, refusedIn, seen, send, sent, spawned, sql, status, stored, tab,
  titles, until,
} from "./browser.mjs";

export async function forbidden() {
  const before = (window) =>
    window.addInitScript(() => {
      Object.defineProperty(window, "indexedDB", { get: () => { throw new DOMException("no", "SecurityError"); } });
    });
  const first = await tab(laptop, duly, "alice", { before });
  const second = await tab(laptop, duly, "alice", { before });
  await add(first, "Buy milk");
  await has(second, "Buy milk");
  await add(second, "Pay the rent");
  await has(first, "Pay the rent");
  await sent(first);
  await sent(second);
  seen.stored = [(await status(first)).stored, (await status(second)).stored];
  seen.rows = stored("alice");
}

export async function full() {
  const before = async (window) => {
    const devtools = await laptop.newCDPSession(window);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: given.page, quotaSize: 100_000 });
  };
  const window = await tab(laptop, duly, "alice", { before });
  const other = await tab(laptop, duly, "alice");
  await add(window, "Before");
  await sent(window);
  seen.before = (await status(window)).stored;
  duly.down();
  await until("offline", async () => !(await status(window)).online);
  seen.titles = ["Before"];
  const write = async (title) => {
    seen.titles.push(title);
    await send(window, { type: "task.create", title, description: "x".repeat(9_000) });
  };
  while ((await status(window)).stored) await write(`Note ${100 + seen.titles.length}`);
  await write("Note 999");
  seen.shown = await titles(window);
  duly.up();
  await window.evaluate(() => replica.retry());
  await sent(window);
  seen.rows = stored("alice");
  await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await has(window, "From elsewhere");
  await has(other, "From elsewhere");
}

export async function cleared() {
  const window = await tab(laptop, duly, "alice");
  const other = await tab(laptop, duly, "alice");
  await add(window, "Before");
  await Promise.all([window, other].map(sent));
  duly.down();
  await add(window, "Unsent");
  await has(other, "Unsent");
  // As a person does in the browser's settings.
  const devtools = await laptop.newCDPSession(window);
  await devtools.send("Storage.clearDataForOrigin", { origin: given.page, storageTypes: "indexeddb" });
  await until("said so", async () => !(await status(window)).stored && !(await status(other)).stored);
  await add(other, "Afterwards");
  seen.shown = await titles(other);
  duly.up();
  for (const each of [window, other]) await each.evaluate(() => replica.retry());
  await Promise.all([window, other].map(sent));
  await has(window, "Afterwards");
  seen.rows = stored("alice");
  seen.refused = [...(await refusedIn(window)), ...(await refusedIn(other))];
}

export async function deleted() {
  const window = await tab(laptop, duly, "alice");
  await add(window, "Before");
  await sent(window);
  // By a tool of the browser, say: nobody has signed out.
  const other = await laptop.newPage();
  await other.goto(given.page);
  await other.evaluate(async () => indexedDB.deleteDatabase((await indexedDB.databases())[0].name));
  await until("said so", async () => !(await status(window)).stored);
  await add(window, "Afterwards");
  await sent(window);
  seen.closed = (await status(window)).closed;
  seen.shown = await titles(window);
  seen.rows = stored("alice");
}

export async function killed() {
  const profile = given.folder;
  let { browser, context, kill } = await spawned(profile);
  let window = await tab(context, duly, "alice");
  await add(window, "Buy milk");
  await sent(window);
  duly.down();
  await add(window, "Call Bob");
  await send(window, { type: "task.update", id: await idOf(window, "Buy milk"), title: "Buy oat milk" });
  await until("offline", async () => !(await status(window)).online);
  await add(window, "Pay the rent");
  await kill();
  seen.meanwhile = stored("alice");
  ({ browser, context, kill } = await spawned(profile));
  window = await tab(context, duly, "alice");
  seen.shown = await titles(window);
  seen.pending = (await status(window)).pending;
  duly.up();
  await window.evaluate(() => replica.retry());
  await sent(window);
  seen.rows = stored("alice");
  seen.changes = sql("select count(*) from duly.history where space_id = %(space)s and type = 'task'", "alice")[0][0];
  await browser.close();
  await kill();
}
