"""A task takes what is below it along, and a task's place is found where it is moved.

Who completes, trashes, restores or moves a task to another list says so of that task alone; two
triggers do the rest in the same statement (docs/decisions/0035-order.md). They look at what people
do and not at each other's writes.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Of a list, at its top or below one task; in the order of an index.
_IS_SIBLING = """t.space_id = space and t.list_id = list and t.deleted_at is null
                and t.parent_id is not distinct from parent and t.id <> task"""
_REACH = 200

_PARTS_OF = """
create function duly.parts_of(space text, task uuid) returns table (id uuid, depth int)
language sql stable parallel safe
as $$
    with recursive part (id, depth) as (
        select task, 0
        union all
        select t.id::uuid, part.depth + 1 from part join duly.tasks t
            on t.space_id = space and t.parent_id = part.id
            where part.depth < 5
    )
    select part.id, part.depth from part
$$
"""

# What went with it, or with the same as it and below it, comes back with it: the time says so, too,
# because what has been open since may still say what once completed it. A list goes in steps, each
# at a time of its own.
_CARRY_PARTS = """
create function duly.carry_parts() returns trigger
language plpgsql
as $$
declare
    parts uuid[];
begin
    perform from duly.tasks where space_id = new.space_id and parent_id = new.id limit 1;
    if not found then
        return null;
    end if;
    parts := array(
        select part.id from duly.parts_of(new.space_id, new.id) as part where part.depth > 0
    );
    if new.list_id <> old.list_id then
        update duly.tasks set list_id = new.list_id
            where space_id = new.space_id and id = any (parts) and list_id <> new.list_id;
    end if;
    if new.deleted_at is not null and old.deleted_at is null then
        update duly.tasks set deleted_at = new.deleted_at, trashed_with = new.id
            where space_id = new.space_id and id = any (parts) and deleted_at is null;
    elsif new.deleted_at is null and old.deleted_at is not null then
        update duly.tasks set deleted_at = null, trashed_with = null
            where space_id = new.space_id and id = any (parts)
                and trashed_with in (new.id, old.trashed_with)
                and (deleted_at = old.deleted_at or trashed_with = old.list_id);
    elsif new.completed_at is not null and old.completed_at is null then
        update duly.tasks set completed_at = new.completed_at, completed_with = new.id
            where space_id = new.space_id and id = any (parts)
                and completed_at is null and deleted_at is null;
    elsif new.completed_at is null and old.completed_at is not null then
        update duly.tasks set completed_at = null, completed_with = null
            where space_id = new.space_id and id = any (parts) and deleted_at is null
                and completed_at = old.completed_at
                and completed_with in (new.id, old.completed_with);
    end if;
    return null;
end
$$
"""

# What has an open part is not done. A tree is in one list from the beginning.
_MEET_PARENT = """
create function duly.meet_parent() returns trigger
language plpgsql
as $$
declare
    parent record;
    above uuid := new.parent_id;
begin
    select list_id, completed_at into parent from duly.tasks
        where space_id = new.space_id and id = new.parent_id;
    if parent.list_id <> new.list_id then
        raise exception 'a task and its parent are in two lists' using errcode = 'DU009';
    elsif parent.completed_at is not null and new.completed_at is null
        and new.deleted_at is null then
        while above is not null loop
            update duly.tasks set completed_at = null, completed_with = null
                where space_id = new.space_id and id = above and completed_at is not null
                returning parent_id into above;
        end loop;
    end if;
    return null;
end
$$
"""

# So many ranks between two, none longer than need be.
_SPREAD = """
create function duly.spread(low text, high text, amount int) returns text[]
language plpgsql immutable parallel safe
as $$
declare
    middle text;
begin
    if amount < 1 then
        return '{}';
    end if;
    middle := duly.rank_between(low, high);
    return duly.spread(low, middle, (amount - 1) / 2) || middle
        || duly.spread(middle, high, amount / 2);
end
$$
"""

# New ranks for the siblings nearest to one, up to `reach` on either side, in the order that they
# have; all but the one that is being moved.
_MAKE_ROOM = f"""
create function duly.make_room(
    space text, task uuid, list uuid, parent uuid, neighbour uuid, reach int
) returns void
language plpgsql
as $$
declare
    edge text collate "C";
    low text collate "C";
    high text collate "C";
    before uuid[];
    near uuid[];
begin
    select t."position" into edge from duly.tasks t where t.space_id = space and t.id = neighbour;
    before := array(
        select t.id from duly.tasks t where {_IS_SIBLING}
            and (t."position", t.id) <= (edge, neighbour)
            order by t."position" desc, t.id desc limit reach
    );
    near := array(
        select before[place] from generate_subscripts(before, 1, true) as place
    ) || array(
        select t.id from duly.tasks t where {_IS_SIBLING}
            and (t."position", t.id) > (edge, neighbour)
            order by t."position", t.id limit reach
    );
    select t."position" into low from duly.tasks t
        where {_IS_SIBLING} and (t."position", t.id) < (
            select f."position", f.id from duly.tasks f
                where f.space_id = space and f.id = near[1]
        ) order by t."position" desc, t.id desc limit 1;
    select t."position" into high from duly.tasks t
        where {_IS_SIBLING} and (t."position", t.id) > (
            select f."position", f.id from duly.tasks f
                where f.space_id = space and f.id = near[cardinality(near)]
        ) order by t."position", t.id limit 1;
    if low >= high then
        return;
    end if;
    update duly.tasks t set "position" = made.rank
        from unnest(near, duly.spread(low, high, cardinality(near))) as made (id, rank)
        where t.space_id = space and t.id = made.id;
end
$$
"""  # noqa: S608 - our own conditions

# First as they stand; if they tie, or the rank would be long, with more room around, or all over.
_RANK_BESIDE = f"""
create function duly.rank_beside(
    space text, task uuid, list uuid, parent uuid, neighbour uuid, is_before boolean
) returns text
language plpgsql
as $$
declare
    reach int;
    edge text collate "C";
    low text collate "C";
    high text collate "C";
    made text;
begin
    if neighbour is null then
        select t."position" into low from duly.tasks t where {_IS_SIBLING}
            order by t."position" desc, t.id desc limit 1;
        return duly.rank_between(low, null);
    end if;
    foreach reach in array array[0, {_REACH}, 1000000] loop
        if reach > 0 then
            perform duly.make_room(space, task, list, parent, neighbour, reach);
        end if;
        select t."position" into edge from duly.tasks t
            where t.space_id = space and t.id = neighbour;
        if is_before then
            high := edge;
            select t."position" into low from duly.tasks t
                where {_IS_SIBLING} and (t."position", t.id) < (edge, neighbour)
                order by t."position" desc, t.id desc limit 1;
        else
            low := edge;
            select t."position" into high from duly.tasks t
                where {_IS_SIBLING} and (t."position", t.id) > (edge, neighbour)
                order by t."position", t.id limit 1;
        end if;
        if low is null or high is null or low < high then
            made := duly.rank_between(low, high);
            exit when length(made) <= 64;
        end if;
    end loop;
    return made;
end
$$
"""  # noqa: S608 - our own conditions

# Where a live task goes. A list alone, unless it is the task's, means the top of that list; a
# parent alone its list; neither, a new end of where it is. `keeps_rank`: what is there already
# stays where it stands.
_PLACE = """
create function duly.place(
    space text, task uuid, names_list boolean, wanted_list uuid, names_parent boolean,
    wanted_parent uuid, neighbour uuid, is_before boolean, keeps_rank boolean,
    out to_list uuid, out to_parent uuid, out to_rank text
)
language plpgsql
as $$
declare
    own record;
begin
    select t.list_id, t.parent_id, t."position" into own from duly.tasks t
        where t.space_id = space and t.id = task;
    if names_list then
        wanted_list := coalesce(wanted_list, duly.inbox_of(space));
    end if;
    if neighbour is not null then
        select t.list_id, t.parent_id into to_list, to_parent from duly.tasks t
            where t.space_id = space and t.id = neighbour and t.id <> task
                and t.deleted_at is null;
        if not found then
            raise exception 'there is no such neighbour'
                using errcode = case when is_before then 'DU020' else 'DU021' end;
        elsif names_list and wanted_list <> to_list
            or names_parent and wanted_parent is distinct from to_parent then
            raise exception 'the neighbour is elsewhere' using errcode = 'DU022';
        end if;
    else
        if names_parent then
            to_parent := wanted_parent;
        elsif not names_list or wanted_list = own.list_id then
            to_parent := own.parent_id;
        end if;
        to_list := case
            when names_list then wanted_list
            when to_parent is null then own.list_id
            else (select t.list_id from duly.tasks t where t.space_id = space and t.id = to_parent)
        end;
    end if;
    if keeps_rank and to_list = own.list_id and to_parent is not distinct from own.parent_id then
        to_rank := own."position";
    else
        to_rank := duly.rank_beside(space, task, to_list, to_parent, neighbour, is_before);
    end if;
end
$$
"""

# Where a task in the trash came from, as far as that is still there.
_WAY_BACK = """
create function duly.way_back(
    space text, task uuid, out to_list uuid, out to_parent uuid, out to_rank text
)
language plpgsql
as $$
begin
    select t.list_id, t.parent_id, t."position" into to_list, to_parent, to_rank
        from duly.tasks t where t.space_id = space and t.id = task;
    if to_parent is not null and exists (
        select from duly.tasks t
            where t.space_id = space and t.id = to_parent and t.deleted_at is not null
    ) then
        to_parent := null;
        to_rank := null;
    end if;
    if exists (
        select from duly.lists l
            where l.space_id = space and l.id = to_list and l.deleted_at is not null
    ) then
        to_list := duly.inbox_of(space);
        to_rank := null;
    end if;
    if to_rank is null then
        to_rank := duly.rank_beside(space, task, to_list, to_parent, null, null);
    end if;
end
$$
"""

_FUNCTIONS = {
    "parts_of(text, uuid)": _PARTS_OF,
    "carry_parts()": _CARRY_PARTS,
    "meet_parent()": _MEET_PARENT,
    "spread(text, text, integer)": _SPREAD,
    "make_room(text, uuid, uuid, uuid, uuid, integer)": _MAKE_ROOM,
    "rank_beside(text, uuid, uuid, uuid, uuid, boolean)": _RANK_BESIDE,
    "place(text, uuid, boolean, uuid, boolean, uuid, uuid, boolean, boolean)": _PLACE,
    "way_back(text, uuid)": _WAY_BACK,
}

_IS_CHANGED = (
    "old.list_id <> new.list_id or (old.deleted_at is null) <> (new.deleted_at is null)"
    " or (old.completed_at is null) <> (new.completed_at is null)"
)
_BY_PEOPLE = "pg_trigger_depth() = 0"

# The first one comes before `check_list` by its name, so that it finds a tree in one list.
_TRIGGERS = {
    "carry_parts": (
        "update of list_id, completed_at, deleted_at",
        f"({_IS_CHANGED}) and {_BY_PEOPLE}",
        "carry_parts",
    ),
    "meet_parent": (
        "insert or update of parent_id, completed_at, deleted_at",
        f"new.parent_id is not null and {_BY_PEOPLE}",
        "meet_parent",
    ),
}


def upgrade() -> None:
    for function in _FUNCTIONS.values():
        op.execute(function)
    for name, (event, condition, function) in _TRIGGERS.items():
        op.execute(
            f"create trigger {name} after {event} on duly.tasks for each row"
            f" when ({condition}) execute function duly.{function}()"
        )


def downgrade() -> None:
    for trigger in _TRIGGERS:
        op.execute(f"drop trigger {trigger} on duly.tasks")
    for function in reversed(_FUNCTIONS):
        op.execute(f"drop function duly.{function}")
