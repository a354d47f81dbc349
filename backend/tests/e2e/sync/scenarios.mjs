// What people do with a replica, and what goes wrong meanwhile. Prints what was seen of one of them,
// as a JSON object.
import { finish, given } from "./browser.mjs";
import * as network from "./network.mjs";
import * as sending from "./sending.mjs";
import * as showing from "./showing.mjs";
import * as signing from "./signing.mjs";
import * as storage from "./storage.mjs";
import * as tabs from "./tabs.mjs";
import * as whole from "./whole.mjs";

const scenarios = { ...network, ...sending, ...showing, ...signing, ...storage, ...tabs, ...whole };

try {
  await scenarios[given.scenario]();
} finally {
  await finish();
}
