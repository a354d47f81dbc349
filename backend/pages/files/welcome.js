// A small list of tasks on the API of this Duly, and the same as commands. No library, no build.
const root = new URL("../", import.meta.url).href;
const find = (selector) => document.querySelector(selector);
const chosen = (name) => find(`[name="${name}"]:checked`).value;
const isOurs = document.body.dataset.tokens === "development";

const tokens = new Map(); // by person
let following = ""; // the query of the next page; empty: there is none
let deleted; // the task that can be brought back
let loads = 0; // only what was asked for last is shown

class Refused extends Error {}

async function tokenOf(person) {
  if (!tokens.has(person)) {
    const answer = await fetch(`${root}tokens/${person}`);
    if (!answer.ok) throw new Refused(`There is no token for ${person}: ${answer.status}.`);
    tokens.set(person, (await answer.text()).trim());
  }
  return tokens.get(person);
}

async function call(method, path, { body, version } = {}, mayRepeat = true) {
  const person = chosen("person");
  const answer = await fetch(`${root}api/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${await tokenOf(person)}`,
      ...(body && { "Content-Type": "application/json" }),
      ...(version && { "If-Match": `"${version}"` }),
    },
    body: body && JSON.stringify(body),
  });
  if (answer.status === 401 && mayRepeat) {
    tokens.delete(person); // it lives for a quarter of an hour
    return call(method, path, { body, version }, false);
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer) {
  const { title, detail, code, errors = [] } = await answer.json();
  const explained = await fetch(`${root}problems/${code}`).then((found) => found.json());
  const reasons = errors.length ? errors.map((each) => each.detail) : [detail, explained.remedy];
  const sentences = [...new Set([title, ...reasons])].map((each) => each.replace(/\.?$/, "."));
  return new Refused(sentences.join(" "));
}

// Whatever is done shows its error in words, and leaves the list as the server has it.
async function attempt(act) {
  try {
    await act();
    find("#error").hidden = true;
  } catch (error) {
    const silent = "Duly does not answer. Is it still running?";
    find("#error").textContent = error instanceof Refused ? error.message : silent;
    find("#error").hidden = false;
    if (!(error instanceof Refused)) console.warn(error);
  }
}

async function load(query = "") {
  const asked = query || `?limit=20&status=${chosen("status")}`;
  const number = ++loads;
  const answer = await call("GET", `tasks${asked}`);
  const tasks = await answer.json();
  if (number !== loads) return;
  if (!query) find("#list").replaceChildren();
  find("#list").append(...tasks.map(itemOf));
  const link = /<[^>]*(\?[^>]*)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
  following = link ? link[1] : "";
  find("#more").hidden = !following;
  find("#empty").hidden = find("#list").childElementCount > 0;
}

function itemOf(task) {
  const item = find("#task").content.cloneNode(true).firstElementChild;
  item.dataset.id = task.id;
  const [box, edit, remove] = item.querySelectorAll("[data-act]");
  item.querySelector("span").textContent = task.title;
  box.checked = task.completed;
  edit.setAttribute("aria-label", `Edit ${task.title}`);
  remove.setAttribute("aria-label", `Delete ${task.title}`);
  box.onchange = () => attempt(() => tick(task, box.checked)).then(() => focusOn(task.id, "tick"));
  edit.onclick = () => openEditor(item, task);
  remove.onclick = () => attempt(() => discard(task));
  return item;
}

function focusOn(id, act) {
  (find(`[data-id="${id}"] [data-act="${act}"]`) ?? find("#title")).focus();
}

async function change(act) {
  try {
    await act();
  } finally {
    await load();
  }
}

const tick = (task, completed) =>
  change(() => call("PATCH", `tasks/${task.id}/complete`, { body: { completed } }));

function openEditor(item, task) {
  const form = find("#editor").content.cloneNode(true).firstElementChild;
  const [title, , cancel] = form.elements;
  title.value = task.title;
  item.replaceChildren(form);
  title.focus();
  title.select();
  const close = () => attempt(load).then(() => focusOn(task.id, "edit"));
  const save = async () => {
    const body = { title: title.value };
    await call("PATCH", `tasks/${task.id}`, { body, version: task.version });
    await close();
  };
  cancel.onclick = close;
  form.onkeydown = (event) => {
    if (event.key === "Escape") close();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(save); // what was typed stays until it is taken
  };
}

async function discard(task) {
  await change(() => call("DELETE", `tasks/${task.id}`, { version: task.version }));
  deleted = task;
  find("#undo span").textContent = `Deleted “${task.title}”.`;
  find("#undo").hidden = false;
  find("#undo button").focus();
}

async function restore() {
  const { id } = deleted;
  find("#undo").hidden = true;
  await change(() => call("POST", `tasks/${id}/restore`));
  focusOn(id, "tick");
}

async function add() {
  const body = { title: find("#title").value };
  await call("POST", "tasks", { body });
  find("#title").value = "";
  await load();
}

function showCommands() {
  find("#copy").textContent = "Copy";
  const token = isOurs ? `$(curl -sS ${root}tokens/${chosen("person")})` : "'…'";
  const asPerson = `${root}api/tasks -H "Authorization: Bearer $TOKEN"`;
  find("#curl").textContent = [
    `TOKEN=${token}`,
    `curl -sS ${asPerson} \\\n  -H 'Content-Type: application/json' -d '{"title": "Buy milk"}'`,
    `curl -sS ${asPerson}`,
  ].join("\n");
}

async function showHealth() {
  const health = find("#health");
  const state = await fetch(`${root}readyz`).then((answer) => answer.json(), () => ({}));
  const missing = ["database", "keys"].filter((part) => !state[part]).join(" and ");
  health.className = state.ready ? "good" : "bad";
  health.textContent = state.ready ? "Database and keys are there" : `Not ready: ${missing}`;
}

find("#new").onsubmit = (event) => {
  event.preventDefault();
  attempt(add).then(() => find("#title").focus());
};
find("#person").onchange = () => {
  find("#undo").hidden = true;
  showCommands();
  attempt(load);
};
find("#status").onchange = () => attempt(load);
find("#more").onclick = () => attempt(() => load(following));
find("#undo button").onclick = () => attempt(restore);
find("#copy").onclick = async () => {
  await navigator.clipboard.writeText(find("#curl").textContent);
  find("#copy").textContent = "Copied";
};

showCommands();
showHealth();
if (isOurs) attempt(load);
