// What the parts of the page have in common.
import { Refused } from "./api.js";

export const find = (selector, within = document) => within.querySelector(selector);
export const copyOf = (template) => find(`#${template}`).content.cloneNode(true).firstElementChild;

// Whatever somebody does shows its error in words, until they do something else.
export async function attempt(act) {
  find("#error").hidden = true;
  await act().catch(say);
}

export function say(error) {
  const silent = "Duly does not answer. Is it still running?";
  find("#error").textContent = error instanceof Refused ? error.message : silent;
  find("#error").hidden = false;
  if (!(error instanceof Refused)) console.warn(error);
}

// Draws anew; the keyboard stays where it was, or on what took its place.
export function redraw(draw) {
  const active = document.activeElement;
  const { id } = active.closest("[data-id]")?.dataset ?? {};
  draw();
  if (document.activeElement === active) return;
  if (active.isConnected) active.focus();
  else if (id) focusOn(id, active.dataset.act);
}

export function focusOn(id, act = "edit") {
  const item = find(`[data-id="${id}"]`);
  ((item && find(`[data-act="${act}"]`, item)) ?? find("#title")).focus();
}
