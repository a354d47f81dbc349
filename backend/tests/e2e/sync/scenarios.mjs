// What people do with a replica, and what goes wrong meanwhile. Prints what was seen of one of them,
// as a JSON object.
import {
  add, api, device, finish, front, given, guide, has, idOf, lacks, ready, seen, send, sent, sql, start, status,
  stored, tab, titles, until,
} from "./browser.mjs";

const duly = await front();
const laptop = await device();
const scenarios = {
  async offline() {
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
  },

  async lost() {
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
  },

  async carried() {
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
  },

  async tabs() {
    const first = await tab(laptop, duly, "alice");
    await until("the first leads", async () => (await status(first)).leader);
    const second = await tab(laptop, duly, "alice");
    const third = await tab(laptop, duly, "alice");
    seen.leaders = await Promise.all([first, second, third].map(async (each) => (await status(each)).leader));
    await add(second, "From the second");
    await Promise.all([first, second, third].map((each) => has(each, "From the second")));
    await Promise.all([first, second, third].map(sent));
    seen.streams = duly.streams.size;
    // Offline, all of them write; the leader closes at once after its own.
    duly.down();
    await until("all know", async () => !(await status(third)).online);
    await Promise.all([add(second, "Of the second"), add(third, "Of the third"), add(first, "Of the first")]);
    await first.close();
    const leads = async () => (await Promise.all([second, third].map(status))).filter(({ leader }) => leader).length;
    await until("another one leads", async () => (await leads()) === 1);
    duly.up();
    await second.evaluate(() => replica.retry());
    await Promise.all([second, third].map(sent));
    await until("one stream", () => duly.streams.size === 1);
    seen.rows = stored("alice");
    seen.shown = await Promise.all([second, third].map(titles));
  },

  async hanging() {
    const window = await tab(laptop, duly, "alice");
    await ready(window);
    await until("a stream", () => duly.streams.size === 1);
    duly.hang("/sync");
    await add(window, "Mine");
    await until("on its way", () => duly.held.length === 1);
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    seen.milliseconds = await has(window, "From elsewhere", "Mine");
    seen.pending = (await status(window)).pending;
    await api("alice", "DELETE", `/api/tasks/${await idOf(window, "From elsewhere")}`);
    await api("alice", "DELETE", `/api/trash/${await idOf(window, "From elsewhere")}`).catch(() => {});
    await lacks(window, "From elsewhere");
    duly.release();
    await sent(window);
    seen.shown = await titles(window);
    seen.rows = stored("alice");
  },

  async overtaken() {
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
  },

  async unheard() {
    const first = await tab(laptop, duly, "alice");
    const second = await tab(laptop, duly, "alice");
    await ready(second);
    // It dies when the command is kept, before it could tell.
    await second.evaluate(() => { BroadcastChannel.prototype.postMessage = () => {}; });
    await add(second, "Unheard");
    await second.close();
    const third = await tab(laptop, duly, "alice");
    seen.third = await titles(third);
    await add(third, "Heard");
    await has(first, "Unheard", "Heard");
    await sent(first);
    await sent(third);
    seen.rows = stored("alice");
  },

  async forgotten() {
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
  },

  async refused() {
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
  },

  async forbidden() {
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
  },

  async full() {
    const before = async (window) => {
      const devtools = await laptop.newCDPSession(window);
      await devtools.send("Storage.overrideQuotaForOrigin", { origin: given.page, quotaSize: 20_000 });
    };
    const window = await tab(laptop, duly, "alice", { before });
    const other = await tab(laptop, duly, "alice");
    await add(window, "Before");
    await sent(window);
    seen.before = (await status(window)).stored;
    duly.down();
    await until("offline", async () => !(await status(window)).online);
    for (const number of [1, 2, 3]) await add(window, `${number} ${"x".repeat(400)}`);
    seen.shown = (await titles(window)).map((title) => title.slice(0, 6));
    seen.stored = (await status(window)).stored;
    duly.up();
    await window.evaluate(() => replica.retry());
    await sent(window);
    seen.rows = stored("alice").map((title) => title.slice(0, 6));
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    await has(window, "From elsewhere");
    await has(other, "From elsewhere");
  },

  async leaving() {
    const window = await tab(laptop, duly, "alice");
    const other = await tab(laptop, duly, "alice");
    await add(window, "Secret");
    await has(other, "Secret");
    await sent(window);
    duly.down();
    await add(other, "Unsent secret");
    await has(window, "Unsent secret");
    seen.asked = await window.evaluate(() => replica.signOut().catch((error) => error instanceof duly.Unsent));
    seen.kept = await titles(window);
    await window.evaluate(() => replica.signOut({ discard: true }));
    await until("the other one is closed", async () => (await status(other)).closed);
    seen.shown = await Promise.all([window, other].map(titles));
    seen.databases = await window.evaluate(() => indexedDB.databases());
    seen.late = await add(other, "Too late").then(() => true, () => false);
    seen.still = await window.evaluate(() => indexedDB.databases());
    duly.up();
    await start(window, duly, "bob");
    await ready(window);
    seen.bob = await titles(window);
    seen.rows = stored("alice");
  },

  async strangers() {
    const window = await tab(laptop, duly, "alice");
    await add(window, "Alice's");
    await sent(window);
    duly.down();
    await add(window, "Alice's unsent");
    // Somebody else signed in meanwhile, in another tab of the page.
    await start(window, duly, "alice", "bob");
    duly.up();
    await window.evaluate(() => replica.retry());
    await until("signed out", async () => (await status(window)).signedOut);
    seen.pending = (await status(window)).pending;
    await start(window, duly, "bob");
    await ready(window);
    seen.bob = await titles(window);
    seen.rows = [stored("alice"), stored("bob")];
    await start(window, duly, "alice");
    await sent(window);
    seen.alice = await titles(window);
  },

  async expired() {
    const window = await tab(laptop, duly, "alice");
    await ready(window);
    duly.instead = { "/sync": 401 };
    await add(window, "Mine");
    await until("signed out", async () => (await status(window)).signedOut);
    seen.fresh = await window.evaluate(() => asked.includes(true));
    seen.pending = (await status(window)).pending;
    const before = duly.requests.length;
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    await has(window, "From elsewhere"); // the stream was opened with a token that is good
    seen.requests = duly.requests.length - before;
    duly.instead = {};
    await window.evaluate(() => replica.retry());
    await sent(window);
    seen.signedOut = (await status(window)).signedOut;
    seen.rows = stored("alice");
  },

  async deaf() {
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
  },

  async silent() {
    const window = await tab(laptop, duly, "alice", { before: (window) => window.clock.install() });
    await ready(window);
    await until("a stream", () => duly.streams.size === 1);
    // The network forgets the connection: both ends believe that it is open.
    for (const stream of duly.streams) stream.write = () => true;
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    await window.clock.fastForward(50_000);
    await window.clock.fastForward(10_000);
    await has(window, "From elsewhere");
    seen.pulls = duly.count("/changes");
  },

  async cut() {
    const window = await tab(laptop, duly, "alice");
    await ready(window);
    for (const title of ["One", "Two", "Three"]) {
      await until("a stream", () => duly.streams.size === 1);
      duly.cut();
      await api("alice", "POST", "/api/tasks", { title });
    }
    await has(window, "One", "Two", "Three");
    seen.shown = await titles(window);
  },

  async many() {
    const operations = (from) => Array.from({ length: 100 }, (_, number) => ({ op: "create", task: { title: `Task ${from + number}` } }));
    for (let from = 0; from < given.tasks; from += 100)
      await api("alice", "POST", "/api/tasks/batch", { operations: operations(from) });
    let window = await tab(laptop, duly, "alice");
    const all = async () => (await titles(window)).length === given.tasks;
    seen.first = await until("all are here", all);
    await window.close();
    duly.down();
    window = await tab(laptop, duly, "alice");
    seen.again = await window.evaluate(() => performance.now());
    seen.shown = (await titles(window)).length;
    seen.edit = await window.evaluate(async () => {
      const [id] = replica.snapshot().tasks.keys();
      const began = performance.now();
      await replica.send({ type: "task.complete", id });
      return performance.now() - began;
    });
    duly.up();
    await sent(window);
  },

  async guide() {
    const window = await guide(laptop, duly);
    const shown = async () => (await window.locator("p").allTextContents()).join(", ");
    await until("all is sent", async () => (await shown()) === "Pay the rent");
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    await until("more is shown", async () => (await shown()) === "Pay the rent, From elsewhere");
    duly.down();
    const unsent = { type: "task.create", id: "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e", title: "Unsent" };
    await window.evaluate((unsent) => replica.send(unsent), unsent);
    await until("it waits", async () => (await shown()) === "Pay the rent, From elsewhere, Unsent, 1 to be sent");
    window.once("dialog", (dialog) => ((seen.asked = dialog.message()), dialog.accept()));
    await window.evaluate(() => signOut());
    seen.shown = await shown();
    seen.databases = await window.evaluate(() => indexedDB.databases());
    seen.rows = stored("alice");
  },

  async convergence() {
    const clients = [];
    for (const name of ["laptop", "phone", "tablet"]) {
      const own = await front();
      const window = await tab(await device(), own, "alice");
      await ready(window);
      clients.push({ name, own, window });
    }
    const random = numbers(given.seed);
    const pick = (values) => values[Math.floor(random() * values.length)];
    for (let step = 0; step < given.steps; step++) {
      const { own, window } = pick(clients);
      const ids = await window.evaluate(() => [...replica.snapshot().tasks.keys()].sort());
      const id = pick(ids);
      const doings = {
        create: () => add(window, `Task ${step}`),
        update: () => id && send(window, { type: "task.update", id, title: `Title ${step}` }),
        tag: () => id && send(window, { type: "task.update", id, add_tags: [pick(["a", "b", "c"])] }),
        complete: () => id && send(window, { type: "task.complete", id, completed: random() < 0.7 }),
        delete: () => id && send(window, { type: "task.delete", id }),
        restore: () => id && send(window, { type: "task.restore", id }),
        offline: () => own.down(),
        online: () => own.up(),
        lose: () => { own.losing = 1; },
        cut: () => own.cut(),
        reload: () => start(window, own, "alice"),
      };
      await pick([...Array(4).fill(doings.create), ...Array(3).fill(doings.update), ...Object.values(doings)])();
    }
    for (const { own, window } of clients) {
      own.losing = 0;
      own.up();
      await window.evaluate(() => replica.retry());
    }
    for (const { window } of clients) await sent(window);
    const fields = "id title completed tags deleted_at version".split(" ");
    const rows = sql("select id::text, title, completed_at is not null, tags, deleted_at is not null, version from duly.tasks where space_id = %(space)s order by id", "alice");
    const look = (window) =>
      window.evaluate((fields) =>
        [...replica.snapshot().tasks.values()]
          .sort((one, other) => (one.id < other.id ? -1 : 1))
          .map((task) => fields.map((field) => (field === "deleted_at" ? task[field] !== null : task[field]))), fields);
    seen.rows = rows.length;
    for (const { name, window } of clients) {
      const same = async () => JSON.stringify(await look(window)) === JSON.stringify(rows);
      await until(`${name} is as the table`, same);
    }
    seen.refused = (await Promise.all(clients.map(({ window }) => refusedIn(window)))).flat().map(([status]) => status);
    seen.created = sql("select count(*), count(distinct entity_id) from duly.history where space_id = %(space)s and change = 'created' and type = 'task'", "alice")[0];
  },
};

const refusedIn = (window) =>
  window.evaluate(() => replica.snapshot().refused.map(({ problem, command }) => [problem.status, (command.title ?? "").slice(0, 9)]));

/** Random numbers that come again (mulberry32). */
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

try {
  await scenarios[given.scenario]();
} finally {
  await finish();
}
