// Tasks as a tree: folded, moved by keyboard or mouse, each with a menu.
import { copyOf, find } from "./dom.js";
import { dueWords, isOverdue, recurrenceWords } from "./due.js";
import { formOf, openEditor } from "./editor.js";

const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "indent", ArrowLeft: "outdent" };
const folded = new Set(); // ids of tasks whose subtasks are not shown
let dragged; // the task that is

export const isDragging = () => dragged !== undefined;

function dropped() {
  const task = dragged;
  dragged = undefined; // a list that is drawn anew does not say that it ended
  return task;
}

// `itemOf` makes a task's element of the task and its siblings; those whose parent is not there come first.
export function drawTree(list, tasks, itemOf) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const below = Map.groupBy(tasks, (task) => (byId.has(task.parent_id) ? task.parent_id : null));
  const branch = (parent) =>
    (below.get(parent) ?? []).map((task, index, siblings) => {
      const place = { parent: byId.get(parent), above: siblings[index - 1], next: siblings[index + 1] };
      const item = itemOf(task, place);
      addBranch(item, task, branch(task.id));
      return item;
    });
  list.replaceChildren(...branch(null));
}

function addBranch(item, task, children) {
  const fold = find(".fold", item);
  fold.hidden = !children.length;
  if (!children.length) return;
  const list = document.createElement("ul");
  list.append(...children);
  item.append(list);
  fold.setAttribute("aria-label", `Subtasks of ${task.title}`);
  const show = () => {
    list.hidden = folded.has(task.id);
    fold.setAttribute("aria-expanded", !list.hidden);
  };
  fold.onclick = () => {
    if (!folded.delete(task.id)) folded.add(task.id);
    show();
  };
  show();
}

// `acts` has what can be done; `canMove`: they stand in the order that the user gave them.
export function taskItem(task, place, acts, canMove) {
  const item = copyOf("task");
  const part = (act) => find(`[data-act="${act}"]`, item);
  item.dataset.id = task.id;
  part("tick").checked = task.completed;
  part("tick").setAttribute("aria-label", `Done: ${task.title}`);
  part("tick").onchange = ({ target }) => acts.tick(task, target.checked);
  part("edit").textContent = task.title;
  part("edit").onclick = () => openEditor(item, task, acts);
  part("menu").setAttribute("aria-label", `More for ${task.title}`);
  find(".meta", item).append(...facts(task));
  const { parent, above, next } = place;
  const choices = {
    add: () => acts.addBelow(task),
    up: canMove && above && (() => acts.move(task, { before: above.id })),
    down: canMove && next && (() => acts.move(task, { after: next.id })),
    indent: canMove && above && (() => acts.move(task, { parent_id: above.id })),
    outdent: canMove && parent && (() => acts.move(task, { after: parent.id })),
    delete: () => acts.discard(task),
  };
  addMenu(item, choices);
  if (formOf(task.id)) item.append(formOf(task.id));
  if (canMove) addDragging(find(".task", item), task, acts);
  return item;
}

function facts(task) {
  const fact = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });
  const found = [];
  if (task.priority !== "none") found.push(fact(`priority ${task.priority}`, task.priority));
  if (task.due_date) found.push(fact(isOverdue(task) ? "overdue" : "due", dueWords(task)));
  if (task.recurrence) found.push(fact("recurrence", `↻ ${recurrenceWords(task.recurrence)}`));
  return [...found, ...task.tags.map((tag) => fact("tag", `#${tag}`))];
}

function addMenu(item, choices) {
  const menu = find(".menu", item);
  const summary = find("summary", menu);
  const close = () => {
    menu.open = false;
    summary.focus();
  };
  for (const [act, choose] of Object.entries(choices)) {
    const button = find(`[data-act="${act}"]`, menu);
    button.hidden = !choose;
    button.onclick = () => {
      close();
      choose();
    };
  }
  menu.onfocusout = ({ relatedTarget }) => {
    if (!menu.contains(relatedTarget)) menu.open = false;
  };
  find(".task", item).onkeydown = (event) => {
    const button = event.altKey && KEYS[event.key] && find(`[data-act="${KEYS[event.key]}"]`, menu);
    if (button) event.preventDefault(); // the browser would go back
    if (button && !button.hidden) button.click();
    if (event.key === "Escape" && menu.open) close();
  };
}

function addDragging(row, task, acts) {
  const isAbove = (event) => event.offsetY < row.clientHeight / 2;
  const leave = () => row.classList.remove("drop-above", "drop-below");
  row.draggable = true;
  row.ondragstart = (event) => {
    dragged = task;
    event.dataTransfer.setData("text/plain", task.title);
  };
  row.ondragend = dropped;
  row.ondragover = (event) => {
    if (!dragged || dragged.id === task.id) return;
    event.preventDefault();
    leave();
    row.classList.add(isAbove(event) ? "drop-above" : "drop-below");
  };
  row.ondragleave = leave;
  row.ondrop = (event) => {
    event.preventDefault();
    leave();
    acts.move(dropped(), isAbove(event) ? { before: task.id } : { after: task.id });
  };
}

// A place in the page that takes what is dragged.
export function takesDropped(element, take) {
  element.ondragover = (event) => dragged && event.preventDefault();
  element.ondrop = (event) => {
    event.preventDefault();
    take(dropped());
  };
}

// Something in the trash; without `purge` it goes for good only with all that is there.
export function trashedItem(task, restore, purge) {
  const item = copyOf("trashed");
  item.dataset.id = task.id;
  find("b", item).textContent = task.title;
  const [, back, away] = item.querySelectorAll("[data-act]");
  back.setAttribute("aria-label", `Restore ${task.title}`);
  back.onclick = () => restore(task);
  away.setAttribute("aria-label", `Delete ${task.title} for good`);
  away.hidden = !purge;
  away.onclick = () => purge(task);
  return item;
}
