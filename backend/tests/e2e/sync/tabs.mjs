// Several tabs of a browser.
import {
  add, api, duly, has, idOf, laptop, ready, seen, sent, status, stored, tab, titles, until,
} from "./browser.mjs";

export async function tabs() {
  const first = await tab(laptop, duly, "alice");
  await until("the first leads", async () => (await status(first)).leader);
  const second = await tab(laptop, duly, "alice");
  const third = await tab(laptop, duly, "alice");
  seen.leaders = await Promise.all([first, second, third].map(async (each) => (await status(each)).leader));
  await add(second, "From the second");
  await Promise.all([first, second, third].map((each) => has(each, "From the second")));
  await Promise.all([first, second, third].map(sent));
  seen.streams = duly.streams.size;
  // Offline, all of them write; the leader closes at once after its own.
  duly.down();
  await until("all know", async () => !(await status(third)).online);
  await Promise.all([add(second, "Of the second"), add(third, "Of the third"), add(first, "Of the first")]);
  await first.close();
  const leads = async () => (await Promise.all([second, third].map(status))).filter(({ leader }) => leader).length;
  await until("another one leads", async () => (await leads()) === 1);
  duly.up();
  await second.evaluate(() => replica.retry());
  await Promise.all([second, third].map(sent));
  await until("one stream", () => duly.streams.size === 1);
  seen.rows = stored("alice");
  seen.shown = await Promise.all([second, third].map(titles));
}

export async function late() {
  const [first, second, third] = [await tab(laptop, duly, "alice"), await tab(laptop, duly, "alice"), await tab(laptop, duly, "alice")];
  await until("the first leads", async () => (await status(first)).leader);
  await ready(third);
  // What the second one says of its steps is held back until they have been answered.
  await second.evaluate(() => {
    const tell = BroadcastChannel.prototype.postMessage;
    globalThis.held = [];
    BroadcastChannel.prototype.postMessage = function (told) {
      if ("step" in told) held.push(() => tell.call(this, told));
      else tell.call(this, told);
    };
  });
  for (const title of ["Buy milk", "Pay the rent"]) await add(second, title);
  await Promise.all([first, second, third].map((each) => has(each, "Buy milk", "Pay the rent")));
  await Promise.all([first, second, third].map(sent));
  await api("alice", "DELETE", `/api/tasks/${await idOf(first, "Buy milk")}`);
  await until("in the trash everywhere", async () => !(await Promise.all([first, second, third].map(titles))).flat().includes("Buy milk"));
  seen.held = await second.evaluate(() => (held.forEach((tell) => tell()), held.length));
  await add(third, "Afterwards");
  await Promise.all([first, second, third].map((each) => has(each, "Afterwards")));
  await Promise.all([first, second, third].map(sent));
  seen.shown = await Promise.all([first, second, third].map(titles));
  seen.commands = duly.commands.flat().length;
  seen.rows = stored("alice");
}

export async function unheard() {
  const first = await tab(laptop, duly, "alice");
  const second = await tab(laptop, duly, "alice");
  await ready(second);
  // It dies when the command is kept, before it could tell.
  await second.evaluate(() => { BroadcastChannel.prototype.postMessage = () => {}; });
  await add(second, "Unheard");
  await second.close();
  const third = await tab(laptop, duly, "alice");
  seen.third = await titles(third);
  await add(third, "Heard");
  await has(first, "Unheard", "Heard");
  await sent(first);
  await sent(third);
  seen.rows = stored("alice");
}
