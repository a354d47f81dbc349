// What somebody writes who generates a client: it has to compile, and to work.
import createClient from "openapi-fetch";
import type { components, paths } from "./duly";

type Task = components["schemas"]["TaskRead"];
type Code = components["schemas"]["ProblemCode"];

const { DULY_URL: baseUrl, DULY_TOKEN: token } = process.env;
const duly = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// A title is all that a new task needs.
const created = await duly.POST("/api/tasks", { body: { title: "Buy milk" } });
if (created.error) throw new Error(created.error.detail);
const task: Task = created.data;
const path = { task_id: task.id };

// One member is all that a patch needs; null clears.
const header = { "If-Match": `"${task.version}"` };
const body = { description: null };
const patched = await duly.PATCH("/api/tasks/{task_id}", { params: { path, header }, body });
const version: number | undefined = patched.data?.version;

// No body is needed to toggle, and none of the parameters of a list.
const toggled = await duly.POST("/api/tasks/{task_id}/complete", { params: { path } });
const completed: boolean | undefined = toggled.data?.completed;
const listed = await duly.GET("/api/tasks");
const filtered = await duly.GET("/api/tasks", { params: { query: { status: "completed", limit: 5 } } });
const titles: string[] = (filtered.data ?? []).map((each) => each.title);

// A code is one of those that there are, and what comes with it is known.
const words: Partial<Record<Code, string>> = { stale_version: "changed elsewhere", not_found: "gone" };
const stale = await duly.PATCH("/api/tasks/{task_id}", { params: { path, header }, body: { title: "x" } });
const now = stale.error?.current;
const current: Task | undefined = now && "title" in now ? now : undefined;
const refused = await duly.POST("/api/tasks", { body: { title: "" } });
const pointers = refused.error?.errors?.map((each) => each.pointer);

const id = "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e";
const again = await duly.POST("/api/tasks", { body: { id, title: "Water the plants" } });

// @ts-expect-error: without a title there is no task
const untitled = () => duly.POST("/api/tasks", { body: { completed: true } });
// @ts-expect-error: there is no such member
const misspelt: components["schemas"]["TaskCreate"] = { title: "x", complete: true };
// @ts-expect-error: there is no such code
const unknown = () => stale.error?.code === "stale";
// @ts-expect-error: there is no such member of an error
const surplus = () => stale.error?.message;
void [untitled, misspelt, unknown, surplus];

console.log(
  JSON.stringify({
    created: task.completed,
    patched: version,
    toggled: completed,
    listed: listed.data?.length,
    titles,
    stale: stale.error && words[stale.error.code],
    current: current?.title,
    pointers,
    own: again.data?.id,
  }),
);
