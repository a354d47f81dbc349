// All of it at once.
import {
  add, api, device, duly, front, given, guide, laptop, ready, refusedIn, seen, send, sent, sql, start,
  status, stored, tab, until,
} from "./browser.mjs";
import { numbers } from "./random.mjs";

async function followed() {
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
}

export async function convergence() {
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
}

export { followed as guide };
