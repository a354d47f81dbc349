// What an everyday interface asks for: lists, parts, dates, recurrence, order, search, trash, many at once.
import createClient from "openapi-fetch";
import type { components, paths } from "./duly";

type Task = components["schemas"]["TaskRead"];

const { DULY_URL: baseUrl, DULY_TOKEN: token } = process.env;
const duly = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// What was answered, or why it was refused.
function found<T>({ data, error }: { data?: T; error?: components["schemas"]["ProblemDocument"] }): T {
  if (data === undefined) throw new Error(error?.detail);
  return data;
}
const create = async (body: components["schemas"]["TaskCreate"]): Promise<Task> =>
  found(await duly.POST("/api/tasks", { body }));
const query = async (query: paths["/api/tasks"]["get"]["parameters"]["query"]): Promise<string[]> =>
  found(await duly.GET("/api/tasks", { params: { query } })).map((each) => each.title);

const list = found(await duly.POST("/api/lists", { body: { name: "Trip", color: "#3366FF" } }));
const trip = await create({ title: "Plan the trip", list_id: list.id, priority: "high", tags: ["travel"] });
const train = await create({ title: "Book the train", parent_id: trip.id, due_date: "2020-02-01" });
const seats = await create({ title: "Choose seats", parent_id: trip.id });
const inside: string = train.list_id;

// The order is the user's.
const params = (task: Task) => ({ path: { task_id: task.id } });
await duly.POST("/api/tasks/{task_id}/move", { params: params(seats), body: { before: train.id } });
const parts = await query({ parent_id: trip.id, sort: "position" });

// Each month, at nine in Lisbon; the name of an occurrence makes a second press harmless.
const rent = await create({
  title: "Pay the rent",
  due_date: "2020-01-31",
  due_time: "09:00",
  due_time_zone: "Europe/Lisbon",
  recurrence: "FREQ=MONTHLY;BYMONTHDAY=-1",
});
const press = async (): Promise<Task> =>
  found(
    await duly.PATCH("/api/tasks/{task_id}/complete", {
      params: params(rent),
      body: { completed: true, occurrence: "2020-01-31T09:00" },
    }),
  );
const nexts = [await press(), await press()].map(({ completed, due_date }) => [completed, due_date]);

// Many at once: each has its own result.
const batch = found(
  await duly.POST("/api/tasks/batch", {
    body: {
      operations: [
        { op: "create", task: { title: "Pack", list_id: list.id, tags: ["travel"] } },
        { op: "update", id: seats.id, patch: { add_tags: ["travel"] } },
        { op: "complete", id: "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e" },
      ],
    },
  }),
);
const statuses = "results" in batch ? batch.results.map((each) => each.status) : [];
const change = found(
  await duly.POST("/api/tasks/batch", {
    body: { filter: { tag: ["travel"] }, change: { priority: "low" }, expected_count: 3 },
  }),
);
const changed = "changed" in change ? change.changed : undefined;
const searched = await query({ q: "choo" });
const overdue = await query({ overdue: "true", sort: "due_date" });
const tags = found(await duly.GET("/api/tags")).map(({ name, count }) => [name, count]);
const stats = found(await duly.GET("/api/stats"));

// The trash takes a task with its parts, and gives them back.
await duly.DELETE("/api/tasks/{task_id}", { params: params(trip) });
const trashed = found(await duly.GET("/api/trash")).map((each) => each.title).sort();
await duly.POST("/api/tasks/{task_id}/restore", { params: params(trip) });
const counts = found(await duly.GET("/api/lists")).map(({ name, open_count }) => [name, open_count]);

// @ts-expect-error: a task goes before or behind another one, not near it
const near: components["schemas"]["TaskMove"] = { near: seats.id };
void near;

console.log(
  JSON.stringify({
    inside: inside === list.id,
    color: list.color,
    parts,
    nexts,
    statuses,
    changed,
    searched,
    overdue,
    tags,
    stats: [stats.open, stats.overdue, stats.completed_per_day.length],
    trashed,
    counts,
  }),
);
