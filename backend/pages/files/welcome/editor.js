// All of a task in one form. Only what was changed is sent, and only if nobody else was faster.
import { attempt, copyOf, find, focusOn } from "./dom.js";
import { RECURRENCES, recurrenceWords, zone } from "./due.js";

const open = new Map(); // forms by id of the task: what was typed outlives the list's being drawn anew

export const isEditing = () => open.size > 0;
export const formOf = (id) => open.get(id);

export function closeAll() {
  open.clear();
}

export function openEditor(item, task, acts) {
  if (open.has(task.id)) return find("[name=title]", open.get(task.id)).focus();
  const form = copyOf("editor");
  const before = fill(form, task, acts.lists());
  const close = async () => {
    open.delete(task.id);
    form.remove();
    await attempt(acts.load);
    focusOn(task.id);
  };
  const save = async () => {
    await acts.save(task, changes(before, valuesOf(form)));
    await close();
  };
  find("[type=button]", form).onclick = close;
  form.onkeydown = (event) => {
    if (event.key === "Escape") close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(save); // what was typed stays until it is taken
  };
  open.set(task.id, form);
  find(".task", item).after(form);
  form.elements.title.focus();
  form.elements.title.select();
}

const valuesOf = (form) => Object.fromEntries(new FormData(form));

function fill(form, task, lists) {
  const { elements } = form;
  const own = (name, choices) =>
    elements[name].append(...choices.map(([value, words]) => new Option(words, value)));
  const zones = new Set([zone, task.due_time_zone ?? zone]);
  own("due_time_zone", [["", "wherever I am"], ...[...zones].map((name) => [name, name])]);
  const rules = new Set([...RECURRENCES.keys(), task.recurrence ?? ""]);
  own("recurrence", [...rules].map((rule) => [rule, recurrenceWords(rule)]));
  own("list_id", lists.map(({ id, name }) => [id, name]));
  for (const name of new Set([...new FormData(form).keys()])) elements[name].value = task[name] ?? "";
  elements.tags.value = task.tags.join(", ");
  return valuesOf(form);
}

// A merge patch: an empty text is null, but for the title, which somebody shall be told about.
function changes(before, after) {
  const changed = Object.entries(after).filter(([name, value]) => value !== before[name]);
  return Object.fromEntries(changed.map(([name, value]) => [name, read(name, value)]));
}

function read(name, value) {
  if (name === "tags") return value.split(",").map((tag) => tag.trim()).filter(Boolean);
  return name === "title" ? value : value || null;
}
