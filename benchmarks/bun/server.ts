// What a team that writes TypeScript would pick: Elysia on Bun, its SQL client, jose.
import { Elysia, t } from "elysia";
import { caller } from "./auth";
import * as tasks from "./tasks";

const params = t.Object({ id: t.Numeric() });
const title = t.String({ minLength: 1, maxLength: 200 });
const description = t.Nullable(t.String({ maxLength: 1000 }));

new Elysia()
  .get("/health", { status: "ok" })
  .resolve(async ({ headers, status }) => {
    try {
      return { user: await caller(headers.authorization) };
    } catch {
      return status(401, { detail: "Invalid token" });
    }
  })
  .get("/api/tasks", ({ user, query }) => tasks.list(user, query.limit, query.offset), {
    query: t.Object({
      limit: t.Numeric({ minimum: 1, maximum: 100, default: 20 }),
      offset: t.Numeric({ minimum: 0, default: 0 }),
    }),
  })
  .get("/api/tasks/:id", async ({ user, params, status }) => {
    return (await tasks.get(user, params.id)) ?? status(404, { detail: "Task not found" });
  }, { params })
  .post("/api/tasks", async ({ user, body, status }) => {
    return status(201, await tasks.create(user, body));
  }, {
    body: t.Object({
      title,
      description: t.Optional(description),
      completed: t.Optional(t.Boolean()),
    }),
  })
  .patch("/api/tasks/:id", async ({ user, params, body, status }) => {
    const task = await tasks.update(user, params.id, body);
    return task ?? status(404, { detail: "Task not found" });
  }, {
    params,
    body: t.Partial(t.Object({ title, description, completed: t.Boolean() })),
  })
  .delete("/api/tasks/:id", async ({ user, params, status }) => {
    const found = await tasks.remove(user, params.id);
    return found ? status(204, undefined) : status(404, { detail: "Task not found" });
  }, { params })
  .listen({ hostname: "127.0.0.1", port: Number(process.env.PORT), reusePort: true });
