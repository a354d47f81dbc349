// Alice has two windows, bob a browser of his own. Prints what was seen, as one JSON object.
import { finish, given, open, page, seen, start, until } from "./chromium.mjs";
import { at } from "./person.mjs";

const alice = at(page, given.origin);
const other = at(await open(page.context()), given.origin);
const bob = at(await open(await start()), given.origin);
const answers = { alice: [], bob: [] }; // all that either browser was told
for (const [name, { window }] of Object.entries({ alice, bob }))
  window.on("response", async (answer) => {
    if (answer.url().includes("/api/")) answers[name].push(await answer.text().catch(() => ""));
  });
await alice.arrives();
await other.arrives();
await bob.arrives("bob");

await alice.makesList("Secrets");
await alice.adds("Buy a ring");
await alice.edits("Buy a ring", { tags: "love" });
await bob.makesList("Garage");
await bob.adds("Mend the bicycle");
await bob.sees("Mend the bicycle");

// Alice's other window learns of it by itself; bob's never.
await other.seesAll("#lists li span", "Inbox", "Secrets");
await other.goes("Secrets");
await other.sees("Buy a ring");
await bob.window.reload();
await bob.seesAll("#lists li span", "Inbox", "Garage");
await bob.seesAll("#tags li span");
await bob.searches("ring");
await until(() => bob.window.locator("#title-of-view").textContent(), "Found for “ring”");
await bob.sees();
await bob.searches("bicycle");
await bob.sees("Mend the bicycle");
await bob.goes("Trash");
await bob.sees();

// Not even by the address of what is hers.
const secrets = new URL(alice.window.url()).hash;
await bob.window.evaluate((hash) => { location.hash = hash; }, secrets);
await until(() => bob.window.locator("#title-of-view").textContent(), "Inbox");

// What both windows change at once is not lost: the second one is told.
await other.row("Buy a ring").locator(".what button").click();
await alice.edits("Buy a ring", { title: "Buy two rings" });
await other.window.keyboard.type("Buy flowers");
await other.window.keyboard.press("Enter");
seen.stale = await other.error();
seen.kept = await other.window.locator(".editor [name=title]").inputValue();
await other.window.keyboard.press("Escape");
await other.sees("Buy two rings");
await alice.sees("Buy two rings");

[seen.alice, seen.bob] = [answers.alice.join(), answers.bob.join()];

// The same window, another person.
await alice.window.getByText("bob", { exact: true }).click();
await alice.seesAll("#lists li span", "Inbox", "Garage");
await alice.sees();
await finish();
