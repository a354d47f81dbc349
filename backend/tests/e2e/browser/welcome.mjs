// Somebody who uses the list of the welcome page. Prints what was seen, as one JSON object.
import { barriers, finish, given, page, seen } from "./chromium.mjs";

const titles = () => page.locator("#list li label span").allTextContents();
const errorOf = async () => {
  await page.locator("#error").waitFor();
  return page.locator("#error").textContent();
};
const focused = () =>
  page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.dataset.act ?? document.activeElement.textContent);
const item = (title) => page.locator("#list li", { hasText: title });
// All that is done ends with the list as the server has it.
async function after(act) {
  const listed = page.waitForResponse((answer) => /api\/tasks(\?|$)/.test(answer.url()) && answer.request().method() === "GET");
  await act();
  await (await listed).finished();
  await page.waitForFunction(() => true);
}
const add = (title) =>
  after(async () => {
    await page.locator("#title").fill(title);
    await page.keyboard.press("Enter");
  });
const show = (name) => after(() => page.getByText(name, { exact: true }).click());

await after(() => page.goto(given.origin));
seen.nothing = await page.locator("#empty").isVisible();
seen.health = await page.locator("#health.good").textContent();
await add("Water the plants");
await add("Buy milk");
seen.added = await titles();

await page.locator('[data-act="tick"]').first().focus();
await after(() => page.keyboard.press("Space"));
await page.waitForFunction(() => document.activeElement.dataset.act === "tick");
await show("Open");
seen.open = await titles();
await show("Done");
seen.done = await titles();
await show("All");

await page.getByRole("button", { name: "Edit Buy milk" }).focus();
await page.keyboard.press("Enter");
await page.keyboard.type("Buy oat milk");
await after(() => page.keyboard.press("Enter"));
await item("Buy oat milk").waitFor();
seen.edited = await titles();

await after(() => page.getByRole("button", { name: "Delete Buy oat milk" }).click());
await page.locator("#undo").waitFor();
seen.deleted = [await titles(), await page.locator("#undo span").textContent(), await focused()];
await after(() => page.keyboard.press("Enter"));
await item("Buy oat milk").waitFor();
seen.restored = await titles();

await page.locator("#title").fill("  ");
await page.keyboard.press("Enter");
seen.refused = await errorOf();
seen.kept = await page.locator("#title").inputValue();
await add("Call Bob");

// Somebody else changes the task while it is being edited here.
await page.getByRole("button", { name: "Edit Call Bob" }).click();
await page.evaluate(async () => {
  const token = (await (await fetch("/tokens/alice")).text()).trim();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const [task] = await (await fetch("/api/tasks?limit=1", { headers })).json();
  const body = JSON.stringify({ title: "Call Bob tonight" });
  await fetch(`/api/tasks/${task.id}`, { method: "PATCH", headers, body });
});
await page.keyboard.press("Enter");
seen.stale = await errorOf();
await after(() => page.keyboard.press("Escape"));
await item("Call Bob tonight").waitFor();
seen.current = await titles();

await page.locator("#copy").click();
await page.getByRole("button", { name: "Copied" }).waitFor();
seen.commands = await page.evaluate(() => navigator.clipboard.readText());
await show("bob");
seen.bob = await titles();
seen.commandsOfBob = await page.locator("#curl").textContent();
await show("alice");

seen.barriers = await barriers();
await page.emulateMedia({ colorScheme: "dark" });
seen.barriers.push(...(await barriers()));
await page.screenshot({ path: given.dark });
await page.emulateMedia({ colorScheme: "light" });
await page.locator("#title").blur();
await page.screenshot({ path: given.light });

await page.route("**/api/**", (route) => route.abort());
await page.locator("#list [data-act=tick]").first().click();
seen.silent = await errorOf();
await finish();
