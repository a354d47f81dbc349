// Tasks on the API of this Duly, as somebody would use them every day. No library, no build.
import { become, call, following, read } from "./api.js";
import { attempt, find, focusOn, redraw, say } from "./dom.js";
import { dueWords, occurrenceOf, zone } from "./due.js";
import { closeAll, isEditing } from "./editor.js";
import { setUpLists } from "./lists.js";
import { drawTree, isDragging, taskItem, trashedItem } from "./tasks.js";
import { showCommands, showHealth } from "./terminal.js";
import { currentView, drawStats, drawTags, drawViews } from "./views.js";

const POLL = 5000; // ms
const COUNTING = 2000; // ms
const TYPING = 150; // ms between two letters
const isOurs = document.body.dataset.tokens === "development";
const chosen = (name) => find(`[name="${name}"]:checked`).value;

let lists = []; // with those that are archived
let view; // what is shown: views.js
let tasks = [];
let binned = []; // lists in the trash
let next = ""; // the query of the next page; empty: there is none
let isDrawn = false; // as the service has it; otherwise it did not answer when it was asked
let entityTag = ""; // of the first page: it changes with whatever the person changes
let tags = [];
let counted; // the entity tag when tags and statistics were read
let counting; // the timer until they are
let mayCount = 0; // when they may be
let parent; // of what is added
let takeBack; // the last act
let [loads, counts] = [0, 0]; // only what was asked for last is shown

const acts = {
  lists: () => lists,
  load,
  save: ({ id, version }, body) => call("PATCH", `tasks/${id}`, { body, version }),
  tick: (task, completed) => change(() => tick(task, completed)),
  move: (task, place) => change(() => call("POST", `tasks/${task.id}/move`, { body: place })),
  discard: (task) => change(() => discard(task)),
  restore: (task) => change(() => call("POST", `tasks/${task.id}/restore`)),
  purge: (task) => change(() => call("DELETE", `trash/${task.id}`)),
  addBelow: (task) => {
    addTo(task);
    find("#title").focus();
  },
};
const drawList = setUpLists(change, offerUndo);

// Whatever is done leaves the page as the server has it, also when it was refused.
function change(act) {
  find("#undo").hidden = true;
  return attempt(async () => {
    try {
      await act();
    } finally {
      await load();
    }
  });
}

function pathOf({ kind, query }) {
  if (kind === "trash") return "trash?limit=200";
  const q = find("#search").value.trim();
  const found = q ? { q } : query();
  return `tasks?${new URLSearchParams({ limit: 200, status: chosen("status"), ...found })}`;
}

async function load() {
  const number = ++loads;
  isDrawn = false;
  const known = await read("lists?archived=all");
  const wanted = currentView(known);
  const away = wanted.kind === "trash" ? await read("lists?trashed=true") : [];
  const answer = await call("GET", pathOf(wanted));
  const found = await answer.json();
  if (number !== loads) return;
  [lists, view, tasks, binned, next] = [known, wanted, found, away, following(answer)];
  entityTag = answer.headers.get("ETag") ?? "";
  redraw(draw);
  isDrawn = true;
  countSoon();
}

async function loadMore() {
  const number = loads;
  const answer = await call("GET", `${view.kind === "trash" ? "trash" : "tasks"}${next}`);
  const found = await answer.json();
  if (number !== loads) return;
  [tasks, next] = [[...tasks, ...found], following(answer)];
  redraw(draw);
}

// Another window may have changed something, or the service be back.
async function poll() {
  if (document.hidden || isEditing() || isDragging() || !view) return;
  const wasDrawn = isDrawn;
  const answer = await call("GET", pathOf(view), { known: wasDrawn && entityTag });
  if (answer.status === 304) return;
  await load();
  if (!wasDrawn) find("#error").hidden = true;
}

// What reads all tasks costs the service most: it is not waited for, nor asked for often or in vain.
function countSoon() {
  if (counted === entityTag || counting) return;
  counting = setTimeout(() => count().catch(say), Math.max(0, mayCount - Date.now()));
}

async function count() {
  counting = undefined;
  mayCount = Date.now() + COUNTING;
  counted = entityTag;
  const number = ++counts;
  const [found, stats] = await Promise.all([read("tags"), read("stats")]);
  if (number !== counts) return;
  tags = found;
  drawStats(stats);
  redraw(() => drawTags(tags, view));
}

function draw() {
  const isBin = view.kind === "trash";
  const q = find("#search").value.trim();
  const isSearch = q && !isBin;
  find("#title-of-view").textContent = isSearch ? `Found for “${q}”` : view.title;
  drawViews(lists, view, acts.move);
  drawTags(tags, view);
  drawList(isSearch ? undefined : view.list);
  find("#new").hidden = find("#status").hidden = isBin;
  find("#empty-trash").hidden = !isBin || !(tasks.length + binned.length);
  const canMove = view.kind === "list" && !isSearch;
  const itemOf = (task, place) =>
    isBin ? trashedItem(task, acts.restore, acts.purge) : taskItem(task, place, acts, canMove);
  drawTree(find("#list"), tasks, itemOf);
  find("#list").prepend(...binned.map((list) => trashedItem({ ...list, title: list.name }, restoreList)));
  find("#more").hidden = !next;
  find("#empty").hidden = find("#list").childElementCount > 0;
}

const restoreList = ({ id }) => change(() => call("POST", `lists/${id}/restore`));

async function tick(task, completed) {
  const occurrence = completed ? occurrenceOf(task) : undefined;
  const answer = await call("PATCH", `tasks/${task.id}/complete`, { body: { completed, occurrence } });
  const now = await answer.json();
  if (!completed || now.completed) return;
  const reopen = () => call("PATCH", `tasks/${task.id}/complete`, { body: { completed: false } });
  offerUndo(`Done: “${task.title}”. Next: ${dueWords(now)}.`, reopen);
}

async function discard(task) {
  await call("DELETE", `tasks/${task.id}`, { version: task.version });
  offerUndo(`Deleted “${task.title}”.`, () => call("POST", `tasks/${task.id}/restore`), task.id);
  find("#undo button").focus();
}

function offerUndo(words, act, id) {
  find("#undo span").textContent = words;
  find("#undo").hidden = false;
  takeBack = async () => {
    await change(act);
    focusOn(id, "tick");
  };
}

// What is added next becomes a subtask of this one, until it is said that it shall not.
function addTo(task) {
  parent = task;
  const words = task ? `A subtask of “${task.title}”` : "What is there to do?";
  find("#title").placeholder = words;
  find("#title-label").textContent = task ? words : "A new task";
  find("#no-parent").hidden = !task;
}

async function add() {
  const { title, due_date, priority } = find("#new").elements;
  const given = parent ? { parent_id: parent.id } : view.given();
  const wanted = { title: title.value, priority: priority.value };
  const due = due_date.value ? { due_date: due_date.value } : {};
  await call("POST", "tasks", { body: { ...given, ...wanted, ...due } });
  find("#new").reset();
  await load();
}

// Whose tasks these are, and where their days begin: where this browser is.
async function begin() {
  closeAll();
  addTo();
  find("#undo").hidden = true;
  [entityTag, counted, mayCount, tags] = ["", undefined, 0, []];
  [loads, counts] = [loads + 1, counts + 1]; // nothing of somebody else's
  become(chosen("person"));
  showCommands(chosen("person"));
  const me = await read("auth/me");
  if (me.time_zone !== zone) await call("PATCH", "me", { body: { time_zone: zone } });
  await load();
}

function setUp() {
  const person = sessionStorage.getItem("person") ?? "alice";
  find(`[name="person"][value="${person}"]`).checked = true;
  find("#new").onsubmit = (event) => {
    event.preventDefault();
    attempt(add).then(() => find("#title").focus());
  };
  find("#new").onkeydown = ({ key }) => {
    if (key === "Escape") addTo();
  };
  find("#no-parent").onclick = () => acts.addBelow();
  find("#person").onchange = () => {
    sessionStorage.setItem("person", chosen("person")); // of this window, when it is loaded anew
    history.replaceState(null, "", location.pathname); // no list of theirs is another's
    attempt(begin);
  };
  find("#status").onchange = () => attempt(load);
  let typing;
  find("#search").oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(() => attempt(load), TYPING);
  };
  find("#more").onclick = () => attempt(loadMore);
  find("#empty-trash").onclick = () => change(() => call("DELETE", "trash"));
  find("#undo button").onclick = () => takeBack();
  window.onhashchange = () => {
    closeAll();
    find("#search").value = "";
    addTo();
    attempt(load);
  };
  window.onfocus = () => poll().catch(say);
  setInterval(window.onfocus, POLL);
  attempt(begin);
}

showHealth();
if (isOurs) setUp();
else showCommands();
