"""The statements of the bare peer, which pgbench sends too: the answer's JSON by PostgreSQL."""

COLUMNS = "id, user_id, title, description, completed, created_at, updated_at"
LIST = f"""
    select coalesce(json_agg(t), '[]')::text from (
        select {COLUMNS} from tasks where user_id = $1 order by created_at desc limit 20) t"""
GET = f"""
    select to_json(t)::text from (
        select {COLUMNS} from tasks where id = $2 and user_id = $1) t"""
CREATE = f"""
    with t as (
        insert into tasks (user_id, title, description, completed, created_at, updated_at)
        values ($1, $2, $3, false, now(), now()) returning {COLUMNS})
    select to_json(t)::text from t"""
UPDATE = f"""
    with t as (
        update tasks set title = coalesce($3, title), completed = coalesce($4, completed),
            updated_at = now()
        where id = $2 and user_id = $1 returning {COLUMNS})
    select to_json(t)::text from t"""
DELETE = "delete from tasks where id = $2 and user_id = $1 returning '{}'"
