// What people do with a replica, and what goes wrong meanwhile. Prints what was seen of one of them,
// as a JSON object.
import {
  add, api, device, finish, front, given, guide, has, idOf, lacks, ready, seen, send, sent, signedIn, spawned, sql, start,
  status, stored, tab, titles, until,
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

  async folded() {
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
  },

  async between() {
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
  },

  async apart() {
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
  },

  async tree() {
    const [list, away] = [await api("alice", "POST", "/api/lists", { name: "Errands" }), await api("alice", "POST", "/api/lists", { name: "Away" })];
    const make = (title, parent_id) => api("alice", "POST", "/api/tasks", { title, list_id: list.id, parent_id });
    const cake = await make("Cake", null);
    const bake = await make("Bake", cake.id);
    const mix = await make("Mix", bake.id);
    await make("Other", null);
    const window = await tab(laptop, duly, "alice");
    await has(window, "Cake", "Bake", "Mix", "Other");
    const those = (is) => window.evaluate(`[...replica.snapshot().tasks.values()].filter((task) => ${is}).map((task) => task.title).sort()`);
    const all = () => window.evaluate(() => [...replica.snapshot().tasks.values()].sort(duly.byPosition));
    seen.before = await all();
    duly.down();
    const uuids = [];
    const on = async (task, verb, more) => uuids.push(await send(window, { type: `task.${verb}`, id: task.id, ...more }));
    await on(bake, "complete");
    seen.completed = await those("task.completed");
    await on(cake, "complete");
    await on(cake, "complete", { completed: false });
    await on(mix, "complete", { completed: false }); // and so what it is a part of
    seen.opened = await those("task.completed");
    await on(mix, "delete");
    await on(cake, "delete");
    seen.trashed = await those("task.deleted_at");
    await on(cake, "restore");
    seen.restored = await those("task.deleted_at");
    await on(cake, "move", { list_id: away.id });
    seen.moved = await those(`task.list_id === "${away.id}"`);
    await on(cake, "update", { list_id: list.id });
    uuids.push(await send(window, { type: "list.delete", id: list.id }));
    seen.list = await those("task.deleted_at");
    seen.unsent = await window.evaluate(() => {
      const { tasks, lists, unsent } = replica.snapshot();
      return [...unsent].map((id) => tasks.get(id)?.title ?? lists.get(id).name).sort();
    });
    uuids.push(await send(window, { type: "list.restore", id: list.id }));
    seen.back = await those("task.deleted_at");
    duly.instead = { "/sync": 422 };
    duly.up();
    await window.evaluate(() => replica.retry());
    await sent(window);
    seen.refused = (await refusedIn(window)).length;
    seen.after = await all();
  },

  async foretold() {
    for (const title of ["One", "Two", "Three"]) await api("alice", "POST", "/api/tasks", { title });
    const window = await tab(laptop, duly, "alice");
    await has(window, "One", "Two", "Three");
    await until("a stream", () => duly.streams.size === 1);
    duly.down();
    await until("offline", async () => (await window.evaluate(() => replica.retry()), !(await status(window)).online));
    await window.evaluate(doAtRandom, { seed: given.seed, steps: given.steps, numbers: numbers.toString() });
    const look = () => window.evaluate(() => {
      const { tasks, lists } = replica.snapshot();
      const title = (id) => tasks.get(id)?.title ?? lists.get(id)?.name ?? "";
      const all = [...lists.values(), ...tasks.values()].sort((one, other) => (title(one.id) < title(other.id) ? -1 : 1));
      const fields = (each) => [title(each.list_id), title(each.parent_id), each.completed, each.deleted_at !== null, each.priority, each.tags];
      // What comes back from the trash may tie with what came meanwhile.
      const stayed = all.filter((each) => !trashed.has(each.id)).sort(duly.byPosition);
      const order = {};
      for (const each of stayed) (order[title(each.parent_id ?? each.list_id)] ??= []).push(title(each.id));
      return [Object.fromEntries(all.map((each) => [title(each.id), fields(each)])), order];
    });
    seen.before = await look();
    duly.up();
    await window.evaluate(() => replica.retry());
    await sent(window);
    await until("all is from Duly", () => window.evaluate(() => [...replica.snapshot().tasks.values()].every(({ version }) => version > 0)));
    seen.after = await look();
    seen.refused = await window.evaluate(() => replica.snapshot().refused);
  },

  async late() {
    const [first, second, third] = [await tab(laptop, duly, "alice"), await tab(laptop, duly, "alice"), await tab(laptop, duly, "alice")];
    await until("the first leads", async () => (await status(first)).leader);
    await ready(third);
    // What the second one says of its steps is held back until they have been answered.
    await second.evaluate(() => {
      const tell = BroadcastChannel.prototype.postMessage;
      globalThis.held = [];
      BroadcastChannel.prototype.postMessage = function (told) {
        if ("step" in told) held.push(() => tell.call(this, told));
        else tell.call(this, told);
      };
    });
    for (const title of ["Buy milk", "Pay the rent"]) await add(second, title);
    await Promise.all([first, second, third].map((each) => has(each, "Buy milk", "Pay the rent")));
    await Promise.all([first, second, third].map(sent));
    await api("alice", "DELETE", `/api/tasks/${await idOf(first, "Buy milk")}`);
    await until("in the trash everywhere", async () => !(await Promise.all([first, second, third].map(titles))).flat().includes("Buy milk"));
    seen.held = await second.evaluate(() => (held.forEach((tell) => tell()), held.length));
    await add(third, "Afterwards");
    await Promise.all([first, second, third].map((each) => has(each, "Afterwards")));
    await Promise.all([first, second, third].map(sent));
    seen.shown = await Promise.all([first, second, third].map(titles));
    seen.commands = duly.commands.flat().length;
    seen.rows = stored("alice");
  },

  async cleared() {
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
  },

  async fleeting() {
    const before = (window) =>
      window.addInitScript(() => {
        globalThis.counts = { asked: 0, together: 0, most: 0 };
        let known = null;
        const ask = async () => {
          counts.most = Math.max(counts.most, ++counts.together);
          counts.asked++;
          await new Promise((done) => setTimeout(done, 1000));
          const answer = await fetch("/api/auth/token");
          counts.together--;
          return (known = answer.ok ? (await answer.json()).token : null);
        };
        globalThis.more = { token: async (fresh) => (fresh || !known ? ask() : known) };
      });
    signedIn.tokens = given.tokens;
    const window = await tab(laptop, duly, "alice", { before });
    await window.evaluate(() => {
      globalThis.isToldToSignIn = false;
      replica.subscribe(() => { isToldToSignIn ||= replica.snapshot().status.signedOut; });
    });
    await ready(window);
    const began = Date.now();
    for (let number = 0; Date.now() < began + given.seconds * 1000; number++) {
      await add(window, `Task ${number}`);
      await sent(window);
    }
    await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
    await has(window, "From elsewhere");
    seen.isToldToSignIn = await window.evaluate(() => isToldToSignIn);
    seen.counts = await window.evaluate(() => counts);
    seen.streams = duly.count("/events");
    // Somebody signs out elsewhere: there is no other token when this one is over.
    signedIn.tokens = [];
    await until("told", async () => (await status(window)).signedOut);
    await add(window, "Unsent");
    seen.unsent = (await status(window)).pending;
    await window.close();
    signedIn.tokens = given.tokens.slice(-1);
    const later = await tab(laptop, duly, "alice", { before });
    await has(later, "Unsent");
    await sent(later);
    seen.stored = stored("alice").includes("Unsent");
  },

  async killed() {
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
    await window.clock.fastForward(given.patience);
    await api("alice", "GET", "/api/tasks");
    await titles(window);
    seen.before = duly.streams.size;
    await window.clock.fastForward(10_000); // until it is dead
    await window.clock.fastForward(10_000); // until it is opened again
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

  async large() {
    const window = await tab(laptop, duly, "alice");
    seen.ticks = await window.evaluate(tick, given);
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

/** In a page: how long it takes to show one more command, in milliseconds, each of several times. */
function tick({ tasks, waiting }) {
  const shared = { deleted_at: null, version: 1 };
  const inbox = { ...shared, id: duly.newId(), is_inbox: true, position: "a" };
  const rows = new Map([[`list:${inbox.id}`, { data: inbox }]]);
  const made = Array.from({ length: tasks }, (_, number) => ({
    ...{ ...shared, id: duly.newId(), title: `Task ${number}`, list_id: inbox.id, parent_id: null },
    ...{ completed: false, completed_at: null, tags: [], recurrence: null, position: `a${1e6 + number}` },
  }));
  for (const task of made) rows.set(`task:${task.id}`, { data: task });
  const command = (more) => ({ command: { uuid: duly.newId(), base_version: 1, ...more } });
  const outbox = made.slice(0, waiting).map(({ id }, number) =>
    command(number % 3 ? { type: "task.update", id, title: "Changed" } : { type: "task.create", id: duly.newId(), title: "New" }));
  const overlay = new duly.Overlay("alice");
  overlay.refresh({ rows, outbox }, rows.keys());
  return made.slice(-9).map(({ id }) => {
    outbox.push(command({ type: "task.complete", id }), command({ type: "task.create", id: duly.newId(), title: "Newer" }));
    const began = performance.now();
    overlay.refresh({ rows, outbox }, []);
    const took = performance.now() - began;
    if (!overlay.tasks.get(id).completed) throw new Error("not shown");
    return took;
  });
}

/** In a page: what people do with trees and lists, as far as Duly lets them. */
async function doAtRandom({ seed, steps, numbers }) {
  const random = new Function(`return ${numbers}`)()(seed);
  const pick = (values) => values[Math.floor(random() * values.length)];
  const send = (wish) => replica.send(wish);
  globalThis.trashed = new Set();
  for (let step = 0; step < steps; step++) {
    const { tasks, lists } = replica.snapshot();
    const all = [...tasks.values()].sort((one, other) => (one.title < other.title ? -1 : 1));
    const live = all.filter((task) => !task.deleted_at);
    const listed = [...lists.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    const open = listed.filter((list) => !list.deleted_at);
    const [task, other, list] = [pick(live), pick(live), pick(open)];
    const depth = (each) => (each ? 1 + depth(tasks.get(each.parent_id)) : 0);
    const height = (id) => 1 + Math.max(0, ...all.filter((each) => each.parent_id === id).map((each) => height(each.id)));
    const isBelow = (each) => each && (each.id === task.id || isBelow(tasks.get(each.parent_id)));
    const fits = (parent) => task && parent && !isBelow(parent) && depth(parent) + height(task.id) <= 5;
    const id = duly.newId();
    const doings = {
      create: () => send({ type: "task.create", id, title: `Task ${step}`, list_id: list.id, completed: random() < 0.2 }),
      part: () => task && depth(task) < 5 && send({ type: "task.create", id, title: `Task ${step}`, parent_id: task.id }),
      edit: () => task && send({ type: "task.update", id: task.id, priority: pick(["low", "high"]), completed: random() < 0.5 }),
      tag: () => task && send({ type: "task.update", id: task.id, [pick(["add_tags", "remove_tags"])]: [pick(["a", "b", "c"])] }),
      complete: () => task && send({ type: "task.complete", id: task.id, completed: random() < 0.6 }),
      below: () => fits(other) && send({ type: "task.update", id: task.id, parent_id: other.id }),
      top: () => task && send({ type: "task.update", id: task.id, parent_id: null }),
      list: () => task && send({ type: "task.move", id: task.id, list_id: list.id }),
      beside: () => task && task !== other && (!other.parent_id || fits(tasks.get(other.parent_id))) &&
        send({ type: "task.move", id: task.id, [pick(["before", "after"])]: other.id }),
      delete: () => task && send({ type: "task.delete", id: task.id }),
      restore: () => all.length && send({ type: "task.restore", id: pick(all).id }),
      newList: () => send({ type: "list.create", id, name: `List ${step}` }),
      moveList: () => listed.length > 1 && send({ type: "list.move", id: list.id, ...(random() < 0.5 ? {} : { after: pick(open.filter((each) => each !== list))?.id }) }),
      deleteList: () => !list.is_inbox && random() < 0.5 && send({ type: "list.delete", id: list.id }),
      restoreList: () => send({ type: "list.restore", id: pick(listed).id }),
    };
    await pick([doings.create, doings.part, ...Object.values(doings)])();
    for (const each of replica.snapshot().tasks.values()) if (each.deleted_at) trashed.add(each.id);
  }
}

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
