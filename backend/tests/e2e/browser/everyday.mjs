// Alice uses everything that the page has. Prints what was seen, as one JSON object.
import { barriers, finish, given, page, seen, until } from "./chromium.mjs";
import { at } from "./person.mjs";

const alice = at(page, given.origin);
const day = (away) => page.evaluate((days) => {
  const then = new Date();
  then.setDate(then.getDate() + days);
  return then.toLocaleString("sv-SE").slice(0, 10);
}, away);
await alice.arrives();

// A list, tasks with dates and priorities, subtasks. Text is text.
await alice.makesList("Lisbon <b>");
await alice.adds("Book the train", { due: await day(0), priority: "high" });
await alice.sees("Book the train");
seen.facts = await alice.facts("Book the train");
await alice.adds("<img src=x onerror=alert(1)>");
await alice.adds("Pack");
await alice.chooses("Book the train", "Add a subtask");
await alice.adds("Compare prices");
await alice.adds("Choose seats");
await page.keyboard.press("Escape");
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "<img src=x onerror=alert(1)>", "Pack");
await page.locator(".fold:visible").click();
seen.folded = await page.locator(".fold:visible").getAttribute("aria-expanded");
await until(() => alice.row("Choose seats").isVisible(), false);
await page.locator(".fold:visible").click();
await until(() => alice.row("Choose seats").isVisible(), true);
await alice.adds("Buy a guide");

// Order, by menu, keyboard and mouse.
await alice.chooses("Buy a guide", "Move up");
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "<img src=x onerror=alert(1)>", "Buy a guide", "Pack");
await until(alice.focused, "More for Buy a guide");
await page.keyboard.press("Alt+ArrowUp");
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "Buy a guide", "<img src=x onerror=alert(1)>", "Pack");
await page.keyboard.press("Alt+ArrowRight");
await alice.sees(["Book the train", ["Compare prices", "Choose seats", "Buy a guide"]], "<img src=x onerror=alert(1)>", "Pack");
await page.keyboard.press("Alt+ArrowLeft");
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "Buy a guide", "<img src=x onerror=alert(1)>", "Pack");
await alice.row("Pack").dragTo(alice.row("Compare prices"), { targetPosition: { x: 200, y: 3 } });
await alice.sees(["Book the train", ["Pack", "Compare prices", "Choose seats"]], "Buy a guide", "<img src=x onerror=alert(1)>");
await alice.row("Pack").dragTo(page.locator("#lists a", { hasText: "Inbox" }));
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "Buy a guide", "<img src=x onerror=alert(1)>");

// Done with its subtasks, and open again with those that it took.
await alice.ticks("Choose seats");
await until(() => alice.isDone("Choose seats"), true);
await alice.ticks("Book the train");
await until(() => alice.isDone("Compare prices"), true);
await alice.ticks("Book the train");
await until(() => alice.isDone("Compare prices"), false);
seen.stillDone = await alice.isDone("Choose seats");
await page.getByText("Done", { exact: true }).click();
await alice.sees("Choose seats");
await page.getByText("All", { exact: true }).click();

// What recurs goes on, and back.
await alice.edits("Buy a guide", { due_date: await day(0), due_time: "23:59", recurrence: "FREQ=DAILY", tags: "books, trip", description: "A small one" });
await until(() => alice.facts("Buy a guide"), ["Today 23:59", "↻ Every day", "#books", "#trip"]);
await alice.ticks("Buy a guide");
await until(() => alice.facts("Buy a guide"), ["Tomorrow 23:59", "↻ Every day", "#books", "#trip"]);
seen.next = await page.locator("#undo span").textContent();
await alice.button("Undo").click();
await until(() => alice.facts("Buy a guide"), ["Today 23:59", "↻ Every day", "#books", "#trip"]);
seen.reopened = await alice.isDone("Buy a guide");

// Views over all lists.
await alice.edits("Choose seats", { tags: "trip", due_date: await day(-1) });
await alice.goes("#trip");
await until(async () => (await alice.tree()).sort(), ["Buy a guide", "Choose seats"]);
await alice.goes("Today");
await until(async () => (await alice.tree()).sort(), ["Book the train", "Buy a guide"]);
await alice.adds("Breathe");
await alice.edits("Breathe", { due_date: await day(-2) });
await alice.goes("Overdue");
await alice.sees("Breathe");
await page.goBack();
await until(() => page.locator("#title-of-view").textContent(), "Today");
await alice.searches("gúide sm");
await alice.sees("Buy a guide");
seen.found = await page.locator("#title-of-view").textContent();
await alice.searches("");
await until(() => page.locator("#title-of-view").textContent(), "Today");
await until(() => page.locator("#stats span").textContent(), "6 open · 2 due today · 1 overdue · 1 done");

// The trash takes and gives back a task with its subtasks, and a list with its tasks.
await alice.goes("Lisbon <b>");
await alice.chooses("Book the train", "Delete");
await alice.sees("Buy a guide", "<img src=x onerror=alert(1)>");
await until(alice.focused, "Undo");
await page.keyboard.press("Enter");
await alice.sees(["Book the train", ["Compare prices", "Choose seats"]], "Buy a guide", "<img src=x onerror=alert(1)>");
await alice.chooses("Book the train", "Delete");
await alice.goes("Trash");
await alice.sees(["Book the train", ["Choose seats", "Compare prices"]]);
await alice.button("Delete Choose seats for good").click();
await alice.sees(["Book the train", ["Compare prices"]]);
await alice.button("Restore Book the train").click();
await alice.sees();
await alice.goes("Lisbon <b>");
await alice.sees(["Book the train", ["Compare prices"]], "Buy a guide", "<img src=x onerror=alert(1)>");

await alice.button("Rename").click();
await page.getByLabel("Name of the list").fill("Lisbon");
await page.getByLabel("Colour of the list").fill("#1b7a45");
await page.getByLabel("Name of the list").press("Enter");
await until(() => page.locator("#title-of-view").textContent(), "Lisbon");
await alice.button("Archive").click();
await alice.seesAll("#archived li span", "Lisbon");
await alice.button("Unarchive").click();
await alice.seesAll("#lists li span", "Inbox", "Lisbon");
await alice.button("Delete list").click();
await until(() => page.locator("#title-of-view").textContent(), "Inbox");
await alice.goes("Trash");
await alice.button("Restore Lisbon").click();
await alice.seesAll("#lists li span", "Inbox", "Lisbon");
await alice.goes("Lisbon");
await alice.sees(["Book the train", ["Compare prices"]], "Buy a guide", "<img src=x onerror=alert(1)>");
await alice.chooses("<img src=x onerror=alert(1)>", "Delete");
await alice.goes("Trash");
await alice.button("Empty the trash").click();
await alice.sees();

// For everybody: with an editor and a menu open, in either colour, on a telephone.
await alice.goes("Lisbon");
await alice.row("Buy a guide").locator(".what button").click();
await alice.row("Book the train").locator("summary").click();
seen.barriers = await barriers();
await page.emulateMedia({ colorScheme: "dark" });
seen.barriers.push(...(await barriers()));
await page.screenshot({ path: given.editing });
await page.setViewportSize({ width: 360, height: 800 });
seen.width = await page.evaluate(() => document.documentElement.scrollWidth);
await page.screenshot({ path: given.narrow, fullPage: true });
await finish();
