// What is shown before Duly has said it, and how fast.
import {
  api, duly, given, has, laptop, refusedIn, seen, send, sent, status, tab, titles, until,
} from "./browser.mjs";
import { doAtRandom, numbers } from "./random.mjs";

export async function tree() {
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
}

export async function foretold() {
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
}

export async function many() {
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
}

export async function large() {
  const window = await tab(laptop, duly, "alice");
  seen.ticks = await window.evaluate(tick, given);
}

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
