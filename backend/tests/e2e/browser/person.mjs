// Somebody at a window of the page, who sees what it shows and does what can be done there.
import { until } from "./chromium.mjs";

export function at(window, origin) {
  const texts = (selector) => window.locator(selector).allTextContents();
  const row = (title) =>
    window.locator("#list .task", { has: window.getByText(title, { exact: true }) });
  const button = (name) => window.getByRole("button", { name, exact: true });
  // The tree as text: [title, [its parts]].
  const tree = () =>
    window.evaluate(() => {
      const branch = (list) =>
        [...(list?.children ?? [])].map((item) => {
          const title = item.querySelector(".what button, b").textContent;
          const parts = branch(item.querySelector(":scope > ul"));
          return parts.length ? [title, parts] : title;
        });
      return branch(document.querySelector("#list"));
    });
  const sees = (...wanted) => until(tree, wanted);
  const person = {
    window,
    row,
    button,
    tree,
    sees,
    seesAll: (selector, ...wanted) => until(() => texts(selector), wanted),
    error: async () => {
      await window.locator("#error").waitFor();
      return window.locator("#error").textContent();
    },
    focused: () =>
      window.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent),
    async arrives(name = "alice") {
      await window.goto(origin);
      if (name !== "alice") await window.getByText(name, { exact: true }).click();
      await window.locator("#lists a").first().waitFor();
    },
    async adds(title, { due = "", priority = "none" } = {}) {
      await window.locator("#title").fill(title);
      await window.getByLabel("Due", { exact: true }).fill(due);
      await window.locator("#new select").selectOption(priority);
      await window.locator("#title").press("Enter");
      await row(title).first().waitFor();
    },
    async makesList(name) {
      await window.getByLabel("A new list").fill(name);
      await window.getByLabel("A new list").press("Enter");
      await until(() => window.locator("#title-of-view").textContent(), name);
    },
    async goes(name) {
      await window.locator("nav li a", { has: window.getByText(name, { exact: true }) }).click();
      await until(() => window.locator("#title-of-view").textContent(), name);
    },
    async chooses(title, choice) {
      await row(title).locator("summary").click();
      await row(title).getByRole("button", { name: choice }).click();
    },
    ticks: (title) => row(title).locator("[type=checkbox]").click(),
    isDone: (title) => row(title).locator("[type=checkbox]").isChecked(),
    async edits(title, values) {
      await row(title).locator(".what button").click();
      const form = window.locator(".editor");
      for (const [name, value] of Object.entries(values)) {
        const field = form.locator(`[name=${name}]`);
        const isChoice = (await field.evaluate((node) => node.tagName)) === "SELECT";
        await (isChoice ? field.selectOption(value) : field.fill(value));
      }
      await form.getByRole("button", { name: "Save" }).click();
      // Or why not.
      await until(async () => [await form.count(), await texts("#error:visible")], [0, []]);
    },
    facts: (title) => row(title).locator(".meta span").allTextContents(),
    searches: (words) => window.locator("#search").fill(words),
  };
  return person;
}
