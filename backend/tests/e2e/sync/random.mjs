// What people do, at random.

/** In a page: what people do with trees and lists, as far as Duly lets them. */
export async function doAtRandom({ seed, steps, numbers }) {
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
export function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
