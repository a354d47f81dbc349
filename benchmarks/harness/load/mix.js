// The mixed load of one thousand users: arrivals at a constant rate (an open loop).

import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

const RATE = Number(__ENV.RATE);
const USERS = Number(__ENV.USERS);
const SHARES = { list: 60, get: 15, create: 15, update: 7, delete: 3 };

const [{ calls, count }] = new SharedArray('plan', () => {
  const plan = JSON.parse(open(__ENV.PLAN));
  return [{ calls: plan.calls, count: plan.people.length }];
});
const people = new SharedArray('people', () => JSON.parse(open(__ENV.PLAN)).people);
const order = spread(SHARES);

const fromSchedule = new Trend('from_schedule');
const fromStart = new Trend('from_start');
const right = new Counter('right');
const wrong = new Counter('wrong');

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: {
    mix: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: USERS,
      maxVUs: USERS,
      gracefulStop: '10s',
    },
  },
};

// One virtual user is one person; with fewer people than users they share one, not their ids.
let me;

export default function () {
  const scheduled = exec.scenario.startTime + (exec.scenario.iterationInTest * 1000) / RATE;
  const late = Math.max(0, Date.now() - scheduled);
  me = me || somebody(exec.vu.idInTest - 1);
  const kind = order[exec.scenario.iterationInTest % order.length];
  const response = send(kind);
  const took = response.timings.blocked + response.timings.duration;
  fromStart.add(took);
  fromSchedule.add(late + took);
  const fine = response.status >= 200 && response.status < 300;
  (fine ? right : wrong).add(1);
  if (!fine) console.warn(`${kind} ${response.status} ${response.error} ${took} ms`);
}

function somebody(index) {
  const person = people[index % count];
  const share = Math.floor(index / count);
  const sharers = Math.ceil(USERS / count);
  const expendable = person.old.filter((_, n) => n % sharers === share);
  return { subject: person.subject, header: person.header, recent: person.recent, expendable };
}

function send(kind) {
  const call = calls[kind];
  const id = kind === 'delete' ? me.expendable.shift() : pick(me.recent);
  const fill = (text) => text.replace('{id}', id).replace('{user}', me.subject);
  const headers = { [me.header[0]]: me.header[1] };
  if (call.body) headers['Content-Type'] = 'application/json';
  const responseType = kind === 'create' ? 'text' : 'none';
  const url = __ENV.TARGET + fill(call.path);
  const response = http.request(call.method, url, call.body ? fill(call.body) : null, {
    headers,
    responseType,
    timeout: '10s',
    tags: { name: kind },
  });
  if (kind === 'create' && response.status < 300 && response.body) {
    me.expendable.push(String(response.json('id')));
  }
  return response;
}

function pick(values) {
  return values[exec.scenario.iterationInTest % values.length];
}

// Each kind by its share, spread evenly over a hundred arrivals.
function spread(shares) {
  const places = Object.entries(shares).flatMap(([kind, share]) =>
    Array.from({ length: share }, (_, n) => ({ kind, at: (n + 0.5) / share })),
  );
  return places.sort((a, b) => a.at - b.at).map(({ kind }) => kind);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
