// One page in Chromium. What it must never do is noted: ask another host, or try what the policy
// of the page forbids.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const given = JSON.parse(process.argv[2]);
export const seen = { foreign: [], complaints: [] };

// As root, as in most containers, Chromium starts without its sandbox alone.
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 860, height: 900 } });
await context.grantPermissions(["clipboard-read", "clipboard-write"]);
export const page = await context.newPage();
page.setDefaultTimeout(30_000);
page.on("pageerror", (error) => seen.complaints.push(error.message));
page.on("console", (message) => {
  if (/content security policy/i.test(message.text())) seen.complaints.push(message.text());
});
page.on("request", (request) => {
  const url = request.url();
  if (!url.startsWith(given.origin) && !url.startsWith("data:")) seen.foreign.push(url);
});

/** What axe finds wrong for people who do not see, or do not use a mouse (WCAG 2.2 A and AA). */
export async function barriers() {
  const file = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(await readFile(file, "utf8"));
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), tags);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
}

export async function finish() {
  console.log(JSON.stringify(seen));
  await browser.close();
}
