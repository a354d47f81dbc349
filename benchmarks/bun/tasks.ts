// The statements, each as its caller: row-level security hides the rows of everybody else.
import { SQL, type TransactionSQL } from "bun";

const sql = new SQL(process.env.DATABASE_URL!, {
  path: process.env.DATABASE_SOCKET!,
  max: Number(process.env.DATABASE_POOL_SIZE),
});

export type Task = {
  id: number;
  user_id: string;
  title: string;
  description: string | null;
  completed: boolean;
  created_at: Date;
  updated_at: Date;
};
type Change = Partial<Pick<Task, "title" | "description" | "completed">>;

/** The rows of one statement, in a transaction that acts as `user`; both go out together. */
async function as(user: string, work: (tx: TransactionSQL) => Promise<Task[]>): Promise<Task[]> {
  const [, rows] = await sql.begin((tx) => [
    tx`select set_config('role', 'tasks_api', true), set_config('app.user_id', ${user}, true)`,
    work(tx),
  ]);
  return rows as Task[];
}

export const list = (user: string, limit: number, offset: number) =>
  as(user, (tx) => tx`
    select id, user_id, title, description, completed, created_at, updated_at from tasks
    where user_id = ${user} order by created_at desc limit ${limit} offset ${offset}`);

export const get = async (user: string, id: number) =>
  (await as(user, (tx) => tx`
    select id, user_id, title, description, completed, created_at, updated_at from tasks
    where id = ${id}`))[0];

export const create = async (user: string, task: Change) =>
  (await as(user, (tx) => tx`
    insert into tasks (user_id, title, description, completed)
    values (${user}, ${task.title}, ${task.description ?? null}, ${task.completed ?? false})
    returning id, user_id, title, description, completed, created_at, updated_at`))[0];

export const update = async (user: string, id: number, change: Change) =>
  (await as(user, (tx) => tx`
    update tasks set ${sql({ ...change, updated_at: new Date() })} where id = ${id}
    returning id, user_id, title, description, completed, created_at, updated_at`))[0];

export const remove = async (user: string, id: number) =>
  (await as(user, (tx) => tx`delete from tasks where id = ${id} returning id`)).length > 0;
