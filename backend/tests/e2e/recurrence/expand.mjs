// Prints the first occurrences of rules by two programs; null where one fails or goes on for ever.
import "temporal-polyfill/global"; // Node has no Temporal yet; it has to come first
import { runInThisContext } from "node:vm";
import ICAL from "ical.js";

const { RRuleTemporal } = await import("rrule-temporal");
const MILLISECONDS = 300; // after which an expansion is taken to be endless

const PROGRAMS = {
  "ical.js": ({ rule, start, many }) => {
    const iterator = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromString(start));
    const found = [];
    for (let next = iterator.next(); next && found.length < many; next = iterator.next()) {
      found.push(next.toString());
    }
    return found;
  },
  "rrule-temporal": ({ rule, start, many }) => {
    const text = `DTSTART:${start.replace(/[-:]/g, "")}\nRRULE:${rule}`;
    const found = new RRuleTemporal({ rruleString: text }).all((_, n) => n < many);
    return found.slice(0, many).map((moment) => moment.toPlainDateTime().toString());
  },
};

function inTime(expansion) {
  globalThis.expansion = expansion;
  try {
    return runInThisContext("expansion()", { timeout: MILLISECONDS });
  } catch {
    return null;
  }
}

const { rules } = JSON.parse(process.argv[2]);
const series = Object.entries(PROGRAMS).map(([name, expand]) => [
  name,
  rules.map((asked) => inTime(() => expand(asked))),
]);
console.log(JSON.stringify(Object.fromEntries(series)));
