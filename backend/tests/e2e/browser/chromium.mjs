// Browsers on the pages. What these must never do is noted: ask another host, or try what the policy
// of the page forbids.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const given = JSON.parse(process.argv[2]);
export const seen = { foreign: [], complaints: [] };

const SECONDS = 30;
const opened = [];

/** Another Chromium, with a profile of its own. */
export async function start() {
  // As root, as in most containers, Chromium starts without its sandbox alone.
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
  opened.push(browser);
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  return context;
}

/** A window of a browser. */
export async function open(context) {
  const window = await context.newPage();
  window.setDefaultTimeout(SECONDS * 1000);
  window.on("pageerror", (error) => seen.complaints.push(error.message));
  window.on("console", (message) => {
    if (/content security policy/i.test(message.text())) seen.complaints.push(message.text());
  });
  window.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(given.origin) && !url.startsWith("data:")) seen.foreign.push(url);
  });
  return window;
}

export const page = await open(await start());

/** Wait until something reads so, or say how it reads. */
export async function until(read, wanted) {
  const ends = Date.now() + SECONDS * 1000;
  const isSo = async () => {
    try {
      assert.deepEqual(await read(), wanted);
      return true;
    } catch (error) {
      if (Date.now() > ends) throw error;
      return false;
    }
  };
  while (!(await isSo())) await new Promise((wake) => setTimeout(wake, 30));
}

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
  await Promise.all(opened.map((browser) => browser.close()));
}
