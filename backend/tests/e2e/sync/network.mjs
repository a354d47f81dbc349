// What a network does, and who stands in it.
import {
  add, api, duly, given, has, idOf, lacks, laptop, ready, seen, sent, sql, start, status, stored, tab,
  titles, until,
} from "./browser.mjs";

export async function hanging() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  await until("a stream", () => duly.streams.size === 1);
  duly.hang("/sync");
  await add(window, "Mine");
  await until("on its way", () => duly.held.length === 1);
  // From the request elsewhere until it is shown here; the page notes when that was by the clock of all.
  await window.evaluate(() => {
    globalThis.shown = {};
    replica.subscribe(() => {
      for (const { title } of replica.snapshot().tasks.values()) shown[title] ??= Date.now();
    });
  });
  seen.milliseconds = [];
  for (const title of ["One", "Two", "Three", "Four", "Five", "Six"]) {
    const began = Date.now();
    await api("alice", "POST", "/api/tasks", { title });
    await has(window, title, "Mine");
    seen.milliseconds.push((await window.evaluate((title) => shown[title], title)) - began);
  }
  seen.pending = (await status(window)).pending;
  const gone = await idOf(window, "One");
  await api("alice", "DELETE", `/api/tasks/${gone}`);
  await api("alice", "DELETE", `/api/trash/${gone}`);
  await lacks(window, "One");
  duly.release();
  await sent(window);
  seen.shown = await titles(window);
  seen.rows = stored("alice");
}

export async function overtaken() {
  const window = await tab(laptop, duly, "alice");
  await until("a stream", () => duly.streams.size === 1);
  // The answer to a command is on its way, with what was written elsewhere before it.
  duly.instead = { "/events": 503, "/changes": 503 };
  duly.cut();
  duly.delaying = "/sync";
  const { id } = await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await add(window, "Mine");
  await until("done, but not answered", () => duly.held.length === 1);
  duly.instead = {};
  await window.evaluate(() => replica.retry());
  await has(window, "From elsewhere");
  await api("alice", "DELETE", `/api/tasks/${id}`);
  await api("alice", "DELETE", `/api/trash/${id}`);
  await lacks(window, "From elsewhere");
  seen.pending = (await status(window)).pending;
  duly.release();
  await sent(window);
  seen.shown = await titles(window);
  duly.down();
  await start(window, duly, "alice");
  seen.after = await titles(window);
}

export async function forgotten() {
  await api("alice", "POST", "/api/tasks", { title: "Kept" });
  const gone = await api("alice", "POST", "/api/tasks", { title: "Gone" });
  const window = await tab(laptop, duly, "alice");
  await has(window, "Kept", "Gone");
  duly.down();
  await add(window, "Mine");
  // More is done elsewhere than Duly remembers.
  await api("alice", "DELETE", `/api/tasks/${gone.id}`);
  await api("alice", "DELETE", `/api/trash/${gone.id}`);
  await api("alice", "POST", "/api/tasks", { title: "New" });
  sql("delete from duly.history where space_id = %(space)s", "alice");
  sql("update duly.spaces set history_floor = last_version where id = %(space)s", "alice");
  duly.up();
  await window.evaluate(() => replica.retry());
  await sent(window);
  await has(window, "New");
  await lacks(window, "Gone");
  seen.shown = await titles(window);
  seen.rows = stored("alice");
  await window.close();
  seen.after = await titles(await tab(laptop, duly, "alice"));
}

export async function deaf() {
  duly.instead = { "/events": 500 };
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await has(window, "From elsewhere");
  await add(window, "Mine");
  await sent(window);
  seen.online = (await status(window)).online;
  const [began, before] = [Date.now(), duly.count("/events")];
  await until("some time is over", () => Date.now() > began + 3000);
  seen.tries = duly.count("/events") - before;
}

export async function impatient() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  // A date of next year, by whoever's clock, and a time that nobody means.
  seen.tries = [];
  for (const when of ["Wed, 21 Oct 2099 07:28:00 GMT", "soon"]) {
    duly.instead = { "/sync": { status: 503, headers: { "retry-after": when } } };
    const [began, before] = [Date.now(), duly.count("/sync")];
    await add(window, "Mine");
    await until("some time is over", () => Date.now() > began + 2000);
    seen.tries.push(duly.count("/sync") - before);
  }
  duly.instead = {};
  await window.evaluate(() => replica.retry());
  await sent(window);
  seen.rows = stored("alice");
}

export async function patient() {
  const window = await tab(laptop, duly, "alice", { before: (window) => window.clock.install() });
  await ready(window);
  duly.instead = { "/sync": { status: 503, headers: { "retry-after": "86400" } } };
  await add(window, "Mine");
  await until("it was said", () => duly.count("/sync") === 1);
  await until("offline", async () => !(await status(window)).online);
  duly.instead = {};
  await window.clock.fastForward(301_000);
  await sent(window);
  seen.rows = stored("alice");
}

export async function silent() {
  const window = await tab(laptop, duly, "alice", { before: (window) => window.clock.install() });
  await ready(window);
  await until("a stream", () => duly.streams.size === 1);
  // The network forgets the connection: both ends believe that it is open.
  for (const stream of duly.streams) stream.write = () => true;
  await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await window.clock.fastForward(given.patience);
  await api("alice", "GET", "/api/tasks");
  await titles(window);
  seen.before = duly.streams.size;
  await window.clock.fastForward(10_000); // until it is dead
  await window.clock.fastForward(10_000); // until it is opened again
  await has(window, "From elsewhere");
  seen.pulls = duly.count("/changes");
}

export async function cut() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  for (const title of ["One", "Two", "Three"]) {
    await until("a stream", () => duly.streams.size === 1);
    duly.cut();
    await api("alice", "POST", "/api/tasks", { title });
  }
  await has(window, "One", "Two", "Three");
  seen.shown = await titles(window);
}
