// The same as commands, and how the service is.
import { root } from "./api.js";
import { find } from "./dom.js";

export function showCommands(person) {
  find("#copy").textContent = "Copy";
  const token = person ? `$(curl -sS ${root}tokens/${person})` : "'…'";
  const asPerson = (path) => `"${root}api/${path}" -H "Authorization: Bearer $TOKEN"`;
  find("#curl").textContent = [
    `TOKEN=${token}`,
    `curl -sS ${asPerson("tasks")} \\\n  -H 'Content-Type: application/json' -d '{"title": "Buy milk"}'`,
    `curl -sS ${asPerson("tasks?q=milk")}`,
    `curl -sS ${asPerson("lists")}`,
  ].join("\n");
}

export async function showHealth() {
  const health = find("#health");
  const state = await fetch(`${root}readyz`).then((answer) => answer.json(), () => ({}));
  const missing = ["database", "keys"].filter((part) => !state[part]).join(" and ");
  health.className = state.ready ? "good" : "bad";
  health.textContent = state.ready ? "Database and keys are there" : `Not ready: ${missing}`;
}

find("#copy").onclick = async () => {
  await navigator.clipboard.writeText(find("#curl").textContent);
  find("#copy").textContent = "Copied";
};
