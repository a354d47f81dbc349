// Who is signed in, and signs out.
import {
  add, api, duly, given, has, laptop, ready, seen, sent, signedIn, start, status, stored, tab, titles,
  until,
} from "./browser.mjs";

export async function fleeting() {
  const before = (window) =>
    window.addInitScript(() => {
      globalThis.counts = { asked: 0, together: 0, most: 0 };
      let known = null;
      const ask = async () => {
        counts.most = Math.max(counts.most, ++counts.together);
        counts.asked++;
        await new Promise((done) => setTimeout(done, 1000));
        const answer = await fetch("/api/auth/token");
        counts.together--;
        return (known = answer.ok ? (await answer.json()).token : null);
      };
      globalThis.more = { token: async (fresh) => (fresh || !known ? ask() : known) };
    });
  signedIn.tokens = given.tokens;
  const window = await tab(laptop, duly, "alice", { before });
  await window.evaluate(() => {
    globalThis.isToldToSignIn = false;
    replica.subscribe(() => { isToldToSignIn ||= replica.snapshot().status.signedOut; });
  });
  await ready(window);
  const began = Date.now();
  for (let number = 0; Date.now() < began + given.seconds * 1000; number++) {
    await add(window, `Task ${number}`);
    await sent(window);
  }
  await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await has(window, "From elsewhere");
  seen.isToldToSignIn = await window.evaluate(() => isToldToSignIn);
  seen.counts = await window.evaluate(() => counts);
  seen.streams = duly.count("/events");
  // Somebody signs out elsewhere: there is no other token when this one is over.
  signedIn.tokens = [];
  await until("told", async () => (await status(window)).signedOut);
  await add(window, "Unsent");
  seen.unsent = (await status(window)).pending;
  await window.close();
  signedIn.tokens = given.tokens.slice(-1);
  const later = await tab(laptop, duly, "alice", { before });
  await has(later, "Unsent");
  await sent(later);
  seen.stored = stored("alice").includes("Unsent");
}

export async function leaving() {
  const window = await tab(laptop, duly, "alice");
  const other = await tab(laptop, duly, "alice");
  await add(window, "Secret");
  await has(other, "Secret");
  await sent(window);
  duly.down();
  await add(other, "Unsent secret");
  await has(window, "Unsent secret");
  seen.asked = await window.evaluate(() => replica.signOut().catch((error) => error instanceof duly.Unsent));
  seen.kept = await titles(window);
  await window.evaluate(() => replica.signOut({ discard: true }));
  await until("the other one is closed", async () => (await status(other)).closed);
  seen.shown = await Promise.all([window, other].map(titles));
  seen.databases = await window.evaluate(() => indexedDB.databases());
  seen.late = await add(other, "Too late").then(() => true, () => false);
  seen.still = await window.evaluate(() => indexedDB.databases());
  duly.up();
  await start(window, duly, "bob");
  await ready(window);
  seen.bob = await titles(window);
  seen.rows = stored("alice");
}

export async function held() {
  const window = await tab(laptop, duly, "alice");
  await add(window, "Secret");
  await sent(window);
  // Somebody has it open and does not let go of it: a tab that stands still, a tool.
  const holding = await laptop.newPage();
  await holding.goto(given.page);
  await holding.evaluate(async () => {
    const [{ name }] = await indexedDB.databases();
    const opened = indexedDB.open(name);
    globalThis.database = await new Promise((done) => (opened.onsuccess = () => done(opened.result)));
  });
  await window.evaluate(() => replica.signOut());
  seen.left = await holding.evaluate(async () => {
    const names = [...database.objectStoreNames];
    const count = (name) => new Promise((done) => {
      const request = database.transaction(name).objectStore(name).count();
      request.onsuccess = () => done(request.result);
    });
    return Promise.all(names.map(count));
  });
  await holding.close();
  await until("it is gone", async () => !(await window.evaluate(() => indexedDB.databases())).length);
}

export async function strangers() {
  const window = await tab(laptop, duly, "alice");
  await add(window, "Alice's");
  await sent(window);
  duly.down();
  await add(window, "Alice's unsent");
  // Somebody else signed in meanwhile, in another tab of the page.
  await start(window, duly, "alice", "bob");
  duly.up();
  await window.evaluate(() => replica.retry());
  await until("signed out", async () => (await status(window)).signedOut);
  seen.pending = (await status(window)).pending;
  await start(window, duly, "bob");
  await ready(window);
  seen.bob = await titles(window);
  seen.rows = [stored("alice"), stored("bob")];
  await start(window, duly, "alice");
  await sent(window);
  seen.alice = await titles(window);
}

export async function expired() {
  const window = await tab(laptop, duly, "alice");
  await ready(window);
  duly.instead = { "/sync": 401 };
  await add(window, "Mine");
  await until("signed out", async () => (await status(window)).signedOut);
  seen.fresh = await window.evaluate(() => asked.includes(true));
  seen.pending = (await status(window)).pending;
  const before = duly.requests.length;
  await api("alice", "POST", "/api/tasks", { title: "From elsewhere" });
  await has(window, "From elsewhere"); // the stream was opened with a token that is good
  seen.requests = duly.requests.length - before;
  duly.instead = {};
  await window.evaluate(() => replica.retry());
  await sent(window);
  seen.signedOut = (await status(window)).signedOut;
  seen.rows = stored("alice");
}
