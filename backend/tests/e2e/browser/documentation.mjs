// Somebody who tries the API on /docs. Prints what was seen, as one JSON object.
import { finish, given, page, seen } from "./chromium.mjs";

await page.goto(`${given.origin}/docs/`);
await page.locator(".opblock").first().waitFor();
seen.operations = await page.locator(".opblock-summary-path").evaluateAll((nodes) =>
  nodes.map((node) => node.dataset.path));
seen.summaries = await page.locator(".opblock-summary-description").allTextContents();

await page.getByLabel("authorization button locked").first().waitFor();
const create = page.locator("#operations-tasks-create_task");
await create.locator(".opblock-summary-control").click();
seen.example = await create.locator("textarea").first().inputValue();
await create.getByRole("button", { name: "Execute" }).click();
const answer = create.locator(".live-responses-table tbody .response-col_status").first();
await create.locator(".live-responses-table").waitFor();
seen.status = (await answer.textContent()).trim().slice(0, 3);
await page.screenshot({ path: given.light });
await finish();
