// The list that is shown, and what can be done with it; a new one.
import { call } from "./api.js";
import { find } from "./dom.js";
import { show } from "./views.js";

// `change` does something and shows what came of it; `offerUndo` says what, and how to take it back.
export function setUpLists(change, offerUndo) {
  find("#new-list").onsubmit = (event) => {
    event.preventDefault();
    change(async () => {
      const answer = await call("POST", "lists", { body: { name: find("#list-name").value } });
      find("#list-name").value = "";
      show("list", (await answer.json()).id);
    });
  };
  return (list) => drawHead(list, change, offerUndo);
}

function drawHead(list, change, offerUndo) {
  const isOwn = list && !list.is_inbox;
  const [edit, archive, remove] = find("#list-acts").children;
  find("#list-acts").hidden = !isOwn;
  if (!isOwn) return closeForm();
  if (find("#edit-list").dataset.of !== list.id) closeForm();
  edit.onclick = () => openForm(list, change);
  archive.textContent = list.archived ? "Unarchive" : "Archive";
  archive.onclick = () => change(() => patch(list, { archived: !list.archived }));
  remove.onclick = () =>
    change(async () => {
      await call("DELETE", `lists/${list.id}`, { version: list.version });
      offerUndo(`Deleted the list “${list.name}”.`, () => call("POST", `lists/${list.id}/restore`));
      location.hash = "";
    });
}

const patch = ({ id, version }, body) => call("PATCH", `lists/${id}`, { body, version });

function openForm(list, change) {
  const form = find("#edit-list");
  const { name, color } = form.elements;
  form.dataset.of = list.id;
  form.hidden = false;
  name.value = list.name;
  color.value = list.color ?? "#8891a5";
  const before = color.value;
  name.focus();
  name.select();
  form.onsubmit = (event) => {
    event.preventDefault();
    const changed = { name: name.value, ...(color.value !== before && { color: color.value }) };
    change(async () => {
      await patch(list, changed);
      closeForm();
    });
  };
  find("[type=button]", form).onclick = closeForm;
  form.onkeydown = ({ key }) => {
    if (key === "Escape") closeForm();
  };
}

function closeForm() {
  const form = find("#edit-list");
  if (!form.hidden) find("#list-acts").firstElementChild.focus();
  form.hidden = true;
}
