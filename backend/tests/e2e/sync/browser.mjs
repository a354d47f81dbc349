// Browsers with a page that has a replica, of which it shows nothing and says everything.
import http from "node:http";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { Front } from "./front.mjs";

export const given = JSON.parse(process.argv[2]);
export const seen = {};
const complaints = [];
const SECONDS = 40;

async function bundle(contents, options) {
  const stdin = { contents, resolveDir: given.client, loader: "ts" };
  const alias = { "duly-client": `${given.client}/index.ts` };
  const built = await build({ stdin, alias, bundle: true, write: false, target: "es2022", ...options });
  return built.outputFiles[0].text;
}
const scripts = {
  "/client.js": await bundle("export * from 'duly-client'; export { Overlay } from './overlay'", { format: "iife", globalName: "duly" }),
};
/** Tokens that the page's own server gives, the first one that is good for two seconds more. */
export const signedIn = { tokens: [given.people.alice.token] };
const endOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).exp * 1000;

const pages = http.createServer(({ url }, response) => {
  const { user } = given.people.alice;
  const token = signedIn.tokens.find((token) => endOf(token) > Date.now() + 2000);
  if (url === "/api/auth/token" && !token) return response.writeHead(401).end();
  const json = { "/api/auth/get-session": { user: { id: user } }, "/api/auth/token": { token } }[url];
  const type = scripts[url] ? "text/javascript" : json ? "application/json" : "text/html";
  response.writeHead(200, { "content-type": type });
  if (json) response.end(JSON.stringify(json));
  else response.end(scripts[url] ?? `<!doctype html><link rel=icon href=data:,><body>${
    url === "/guide" ? "<script type=module src=guide.js>" : "<script src=client.js>"}</script></body>`);
});
await new Promise((done) => pages.listen(Number(new URL(given.page).port), "127.0.0.1", done));

// As root, as in most containers, Chromium starts without its sandbox alone.
const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
const fronts = [];

export async function front() {
  fronts.push(await new Front(given.origin).listen());
  return fronts.at(-1);
}

export const device = () => browser.newContext();

/** What most people have: one of each. */
export const duly = await front();
export const laptop = await device();

/** Another browser, which keeps a profile in a folder. `kill` ends it without a word. */
export async function spawned(profile) {
  const own = spawn(given.chromium, [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    ...["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
  ], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(own, "exit");
  let said = "";
  own.stderr.on("data", (text) => { said += text; });
  const found = () => /ws:\S+/.exec(said)?.[0];
  await until("a browser", found);
  const browser = await chromium.connectOverCDP(found());
  const kill = async () => {
    try {
      process.kill(-own.pid, "SIGKILL");
    } catch {} // it has ended by itself
    await ended;
  };
  return { browser, context: browser.contexts()[0], kill };
}

/** A page of somebody who writes what the client's README says. */
export async function guide(context, front) {
  const code = given.guide.replace("https://tasks.example.com", front.url);
  scripts["/guide.js"] = await bundle(`${code}\nObject.assign(globalThis, { replica, signOut })`, { format: "esm" });
  const window = await blank(context);
  await window.goto(`${given.page}/guide`);
  return window;
}

async function blank(context) {
  const window = await context.newPage();
  window.on("pageerror", (error) => complaints.push(error.message));
  window.on("console", (message) => {
    // Chromium itself says so of every request that fails.
    const isOurs = !/Failed to load resource/.test(message.text());
    if (["error", "warning"].includes(message.type()) && isOurs) complaints.push(message.text());
  });
  return window;
}

/** A tab of a browser in which somebody is signed in. */
export async function tab(context, front, name, { before } = {}) {
  const window = await blank(context);
  await before?.(window);
  await start(window, front, name);
  return window;
}

export async function start(window, front, name, signedIn = name) {
  const [{ user }, { token }] = [given.people[name], given.people[signedIn]];
  await window.goto(given.page);
  await window.evaluate(async ({ url, user, token }) => {
    window.token = token;
    window.asked = [];
    const ask = async (fresh) => (window.asked.push(fresh), window.token);
    window.replica = await duly.Replica.open({ url, user, token: ask, ...window.more });
  }, { url: front.url, user, token });
}

export const send = (window, wish) =>
  window.evaluate((wish) => replica.send({ id: duly.newId(), ...wish }), wish);
export const add = (window, title) => send(window, { type: "task.create", title });
export const status = (window) => window.evaluate(() => replica.snapshot().status);
export const titles = (window) =>
  window.evaluate(() =>
    [...replica.snapshot().tasks.values()].filter((task) => !task.deleted_at).map((task) => task.title).sort());
export const idOf = (window, title) =>
  window.evaluate((title) =>
    [...replica.snapshot().tasks.values()].find((task) => task.title === title)?.id, title);

/** Wait until something is so; how long it took, in milliseconds. */
export async function until(what, isSo) {
  const began = Date.now();
  while (!(await isSo())) {
    if (Date.now() > began + SECONDS * 1000) throw new Error(`never: ${what}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return Date.now() - began;
}
export const has = (window, ...wanted) =>
  until(`${wanted} in a tab`, async () => {
    const there = await titles(window);
    return wanted.every((title) => there.includes(title));
  });
export const lacks = (window, title) =>
  until(`no ${title} in a tab`, async () => !(await titles(window)).includes(title));
export const refusedIn = (window) =>
  window.evaluate(() => replica.snapshot().refused.map(({ problem, command }) => [problem.status, (command.title ?? "").slice(0, 9)]));
export const sent = (window) =>
  until("all sent", async () => (await status(window)).pending === 0);
export const ready = (window) => until("ready", async () => (await status(window)).ready);

/** Duly, asked by somebody without a replica. */
export async function api(name, method, path, body) {
  const headers = { authorization: `Bearer ${given.people[name].token}`, "content-type": "application/json" };
  const answer = await fetch(given.origin + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text && JSON.parse(text);
}

/** Rows of PostgreSQL; the statement is about the space of somebody. */
export function sql(statement, name) {
  const script = `
import json, sys, psycopg
statement, space = json.loads(sys.argv[2])
with psycopg.connect(sys.argv[1], autocommit=True) as database:
    done = database.execute(statement, {'space': space})
    print(json.dumps(done.fetchall() if done.description else []))`;
  const argument = JSON.stringify([statement, given.people[name].user]);
  const done = spawnSync(given.python, ["-c", script, given.database, argument], { encoding: "utf8" });
  if (done.status) throw new Error(done.stderr);
  return JSON.parse(done.stdout);
}
export const stored = (name) =>
  sql("select title from duly.tasks where space_id = %(space)s order by title", name).map(([title]) => title);

export async function finish() {
  console.log(JSON.stringify({ ...seen, complaints }));
  await browser.close();
  for (const each of fronts) each.close();
  pages.close();
  pages.closeAllConnections();
}
