// Somebody sees the welcome page for the first time. Prints what was seen, as one JSON object.
import { barriers, finish, given, page, seen, until } from "./chromium.mjs";
import { at } from "./person.mjs";

const alice = at(page, given.origin);
const day = (away) => new Date(Date.now() + away * 86_400_000).toISOString().slice(0, 10);
await alice.arrives();
await page.locator("#empty").waitFor();
seen.health = await page.locator("#health.good").textContent();
await alice.adds("Water the plants");
await alice.adds("Buy milk");
await alice.row("Buy milk").locator("[type=checkbox]").focus();
await page.keyboard.press("Space");
await until(() => alice.isDone("Buy milk"), true);
await until(alice.focused, "Done: Buy milk");
await page.getByText("Open", { exact: true }).click();
await alice.sees("Water the plants");
await page.getByText("All", { exact: true }).click();
await alice.sees("Water the plants", "Buy milk");

// Errors are words, and what was typed stays.
await page.locator("#title").fill("  ");
await page.keyboard.press("Enter");
seen.refused = await alice.error();
seen.kept = await page.locator("#title").inputValue();
await page.locator("#title").fill("");
await alice.row("Water the plants").locator(".what button").click();
await page.locator(".editor [name=recurrence]").selectOption("FREQ=DAILY");
await page.locator(".editor").getByText("Save").click();
seen.undated = await alice.error();
await page.keyboard.press("Escape");
await page.locator(".editor").waitFor({ state: "detached" });

await page.locator("#copy").click();
await alice.button("Copied").waitFor();
seen.commands = await page.evaluate(() => navigator.clipboard.readText());
await page.getByText("bob", { exact: true }).click();
await alice.sees();
await until(async () => (await page.locator("#curl").textContent()).includes("/tokens/bob)"), true);

// More than a page of tasks, which the page learns of by itself.
await page.evaluate(async () => {
  const token = (await (await fetch("/tokens/bob")).text()).trim();
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const add = (title) =>
    fetch("/api/tasks", { method: "POST", headers, body: JSON.stringify({ title }) });
  for (let number = 0; number < 201; number++) await add(`Task ${number}`);
});
await alice.button("More").click();
await until(() => page.locator("#list > li").count(), 201);
await alice.button("More").waitFor({ state: "hidden" });
await page.getByText("alice", { exact: true }).click();
await alice.sees("Water the plants", "Buy milk");

// What the picture of the README shows.
await alice.makesList("Lisbon");
await page.locator("#list-acts button").first().click();
await page.getByLabel("Colour of the list").fill("#d9822b");
await page.locator("#edit-list").getByText("Save").click();
await alice.goes("Inbox");
await alice.edits("Buy milk", { tags: "errands" });
await alice.edits("Water the plants", { due_date: day(0), due_time: "23:59", recurrence: "FREQ=DAILY", tags: "home" });
await alice.adds("Plan the trip", { due: day(1), priority: "high" });
await alice.chooses("Plan the trip", "Add a subtask");
await alice.adds("Book the train", { due: day(-1) });
await alice.adds("Find a place to stay");
await page.keyboard.press("Escape");
await alice.ticks("Find a place to stay");
await until(() => alice.isDone("Find a place to stay"), true);
await alice.seesAll("#tags li span", "#errands", "#home");
await until(() => page.locator("#stats span").textContent(), "3 open · 1 due today · 1 overdue · 2 done");

seen.barriers = await barriers();
await page.emulateMedia({ colorScheme: "dark" });
seen.barriers.push(...(await barriers()));
await page.screenshot({ path: given.dark });
await page.emulateMedia({ colorScheme: "light" });
await page.locator("#title").blur();
await page.evaluate(() => scrollTo(0, 0));
await page.screenshot({ path: given.light });

await page.route("**/api/**", (route) => route.abort());
await alice.ticks("Buy milk");
seen.silent = await alice.error();
await page.unroute("**/api/**");
await page.locator("#error").waitFor({ state: "hidden" });
await until(() => alice.isDone("Buy milk"), true); // for the tick did not arrive
await finish();
