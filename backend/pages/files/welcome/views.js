// What can be looked at: days, lists, tags, the trash. The view is in the address, so that going back works.
import { find } from "./dom.js";
import { today, tomorrow } from "./due.js";
import { takesDropped } from "./tasks.js";

// `query`: what to ask for. `given`: what a task has that is added there.
const DAYS = {
  today: {
    title: "Today",
    query: () => ({ due_after: today(), due_before: tomorrow() }),
    given: () => ({ due_date: today() }),
  },
  overdue: { title: "Overdue", query: () => ({ overdue: "true" }), given: () => ({}) },
  trash: { title: "Trash" },
};

export function currentView(lists) {
  const [kind, value] = location.hash.slice(1).split("/").map(decodeURIComponent);
  if (Object.hasOwn(DAYS, kind)) return { kind, ...DAYS[kind] };
  if (kind === "tag") {
    const tag = { title: `#${value}`, query: () => ({ tag: value }), given: () => ({ tags: [value] }) };
    return { kind, ...tag };
  }
  const list = lists.find(({ id }) => id === value) ?? lists.find((each) => each.is_inbox);
  const here = () => ({ list_id: list.id });
  return { kind: "list", list, title: list.name, query: () => ({ ...here(), sort: "position" }), given: here };
}

const hashOf = (kind, value) => `#${kind}/${encodeURIComponent(value)}`;
export const show = (kind, value = "") => {
  location.hash = hashOf(kind, value);
};

let drawn; // what is there already stays: somebody may be about to click on it

export function drawViews(lists, current, move) {
  const wanted = JSON.stringify([current.kind, current.title, current.list?.id, lists]);
  if (drawn === wanted) return;
  drawn = wanted;
  find("#days").replaceChildren(
    entry("#today", "Today", current.kind === "today"),
    entry("#overdue", "Overdue", current.kind === "overdue"),
    entry("#trash", "Trash", current.kind === "trash"),
  );
  const link = (list) => {
    const isCurrent = current.list?.id === list.id;
    const item = entry(hashOf("list", list.id), list.name, isCurrent, list.open_count);
    const dot = document.createElement("i");
    dot.style.background = list.color ?? "";
    item.firstElementChild.prepend(dot);
    takesDropped(item, (task) => move(task, { list_id: list.id }));
    return item;
  };
  const isArchived = Map.groupBy(lists, (list) => list.archived);
  find("#lists").replaceChildren(...(isArchived.get(false) ?? []).map(link));
  find("#archived ul").replaceChildren(...(isArchived.get(true) ?? []).map(link));
  find("#archived").hidden = !isArchived.has(true);
}

export function drawTags(tags, current) {
  const entries = tags.map(({ name, count }) =>
    entry(hashOf("tag", name), `#${name}`, current.title === `#${name}`, count));
  find("#tags").replaceChildren(...entries);
  find("#tags-title").hidden = !tags.length;
}

function entry(href, text, isCurrent, count) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href });
  const name = Object.assign(document.createElement("span"), { textContent: text });
  link.append(name);
  if (count) link.append(Object.assign(document.createElement("small"), { textContent: count }));
  if (isCurrent) link.setAttribute("aria-current", "page");
  item.append(link);
  return item;
}

export function drawStats({ open, completed, overdue, due_today, completed_per_day }) {
  const facts = [`${open} open`, `${due_today} due today`, `${overdue} overdue`, `${completed} done`];
  find("#stats span").textContent = facts.join(" · ");
  const most = Math.max(1, ...completed_per_day.map(({ count }) => count));
  const bars = completed_per_day.map(({ count }, day) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const height = Math.max(1, (16 * count) / most);
    for (const [name, value] of Object.entries({ x: 4 * day, y: 16 - height, width: 3, height }))
      bar.setAttribute(name, value);
    return bar;
  });
  const done = completed_per_day.reduce((sum, { count }) => sum + count, 0);
  find("#stats svg").setAttribute("aria-label", `${done} done in ${completed_per_day.length} days`);
  find("#stats svg").replaceChildren(...bars);
}
