// The API of this Duly, called as any client would, as the person who is chosen.
export const root = new URL("../", import.meta.url).href;

export class Refused extends Error {}

const tokens = new Map(); // by person
let person = "alice";

export function become(name) {
  person = name;
}

async function token() {
  if (!tokens.has(person)) {
    const answer = await fetch(`${root}tokens/${person}`);
    if (!answer.ok) throw new Refused(`There is no token for ${person}: ${answer.status}.`);
    tokens.set(person, (await answer.text()).trim());
  }
  return tokens.get(person);
}

// `version`: refuse if somebody else changed it since. `known`: answer 304 if nothing changed since.
export async function call(method, path, { body, version, known } = {}, mayRepeat = true) {
  const answer = await fetch(`${root}api/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${await token()}`,
      ...(body && { "Content-Type": "application/json" }),
      ...(version && { "If-Match": `"${version}"` }),
      ...(known && { "If-None-Match": known }),
    },
    body: body && JSON.stringify(body),
  });
  if (answer.status === 401 && mayRepeat) {
    tokens.delete(person); // it lives for a quarter of an hour
    return call(method, path, { body, version, known }, false);
  }
  if (!answer.ok && answer.status !== 304) throw await refusal(answer);
  return answer;
}

export const read = async (path) => (await call("GET", path)).json();

// What leads to the next page, as Link says; empty: there is none.
export function following(answer) {
  const link = /<[^>]*(\?[^>]*)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
  return link ? link[1] : "";
}

async function refusal(answer) {
  const { title, detail, code, errors = [] } = await answer.json();
  const explained = await fetch(`${root}problems/${code}`).then((found) => found.json());
  const reasons = errors.length ? errors.map((each) => each.detail) : [detail, explained.remedy];
  const sentences = [...new Set([title, ...reasons])].map((each) => each.replace(/\.?$/, "."));
  return new Refused(sentences.join(" "));
}
