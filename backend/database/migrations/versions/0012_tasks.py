"""Tasks are in lists and below each other, have dates, tags and a priority, and can be searched.

What follows from the rest of a task is set by one trigger, and the rules that span columns or rows
are checked there, which costs a write less than CHECK constraints. Adding the columns writes the
table anew.
"""

from alembic import op

from backend.database.migrations import owned
from backend.database.migrations.folding import SYMBOLS, folded

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Nobody writes tasks while the table is written anew, so the rest may be done under the same lock.
squawk_ignores = [
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "ban-create-domain-with-constraint",
    "ban-drop-column",
    "ban-drop-constraint",
    "ban-drop-function",
    "ban-drop-generated-expression",
    "constraint-missing-not-valid",
    "prefer-timestamp-tz",  # the anchor of a recurrence is a time on the clock
    "require-concurrent-index-creation",
]

_DOMAINS = {
    "priority": ("smallint", "value between 0 and 4"),
    "tags": ("text[]", "value = '{}' or duly.are_tags(value)"),
    "recurrence": ("text", "char_length(value) between 1 and 500"),
    "recurrence_from": ("text", "value in ('due', 'completion')"),
}

# Twenty at most, of at most 50 characters, each once.
_ARE_TAGS = """
create function duly.are_tags(tags text[]) returns boolean
language sql immutable parallel safe
return cardinality(tags) <= 20 and array_ndims(tags) = 1 and (
    select count(distinct tag) = count(*) and bool_and(char_length(tag) between 1 and 50)
    from unnest(tags) as tag
)
"""

# Words are what stands between anything but letters and digits, without case and accents.
_PUNCTUATION = "!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"

# The first way, which most tasks take, has few expressions, for each costs a transaction 1 us.
_WORDS = """
create function duly.words(title text, tags text[], description text) returns tsvector
language plpgsql immutable parallel safe
as $$
begin
    if tags = '{}' and description is null then
        return setweight(to_tsvector('pg_catalog.simple', duly.fold(title)), 'A');
    end if;
    return setweight(to_tsvector('pg_catalog.simple', duly.fold(title)), 'A')
        || setweight(to_tsvector('pg_catalog.simple', duly.fold(array_to_string(tags, ' '))), 'B')
        || to_tsvector('pg_catalog.simple', duly.fold(coalesce(description, '')));
end
$$
"""

# A task's ancestors, one by one, for each is found by its key whatever the planner knows of the
# table; itself and its descendants: five levels at most.
_CHECK_PARENT = """
create function duly.check_parent(
    space text, task uuid, wanted uuid, is_trashed boolean, is_new boolean
) returns void
language plpgsql
as $$
declare
    parent record;
    ancestor uuid := wanted;
    above int := 0;
    below int := 1;
begin
    while ancestor is not null and above < 5 loop
        if ancestor = task then
            raise exception 'a task below itself' using errcode = 'DU002';
        end if;
        select parent_id, deleted_at into parent from duly.tasks
            where space_id = space and id = ancestor;
        if not found then
            raise exception 'there is no such parent' using errcode = 'DU005';
        elsif parent.deleted_at is not null and not is_trashed then
            raise exception 'the parent is in the trash' using errcode = 'DU006';
        end if;
        above := above + 1;
        ancestor := parent.parent_id;
    end loop;
    if not is_new then
        with recursive down (id, steps) as (
            select task, 1
            union all
            select t.id, steps + 1 from down join duly.tasks t
                on t.space_id = space and t.parent_id = down.id
                where steps < 6
        )
        select max(steps) into below from down;
    end if;
    if above + below > 5 then
        raise exception 'too deep' using errcode = 'DU003';
    end if;
end
$$
"""

# Named to come behind the numbering, which locks the space's row. An expression costs each
# transaction 1 to 3 us, a function within it as much again, so a plain new task takes a short way.
_SETTLE_TASK = """
create function duly.settle_task() returns trigger
language plpgsql
as $$
declare
    is_new boolean;
begin
    if tg_op = 'INSERT' and new.tags = '{}' and new.title ~ '^[A-Za-z0-9 ]{1,200}$'
        and num_nonnulls(
            new.description, new.parent_id, new.list_id, new.due_date, new.due_time,
            new.due_time_zone, new.recurrence
        ) = 0 then
        new.title_key := lower(new.title collate "C");
        new.words := setweight(to_tsvector('pg_catalog.simple', new.title), 'A');
        new.list_id := duly.inbox_of(new.space_id);
        return new;
    end if;
    is_new := tg_op = 'INSERT';
    if is_new or new.title <> old.title or new.tags <> old.tags
        or new.description is distinct from old.description then
        new.title_key := duly.title_key(new.title);
        new.words := duly.words(new.title, new.tags, new.description);
    end if;
    new.due_key := new.due_date + coalesce(new.due_time, '23:59:59.999999');
    if new.parent_id is not null then
        if is_new or new.parent_id is distinct from old.parent_id then
            perform duly.check_parent(
                new.space_id, new.id, new.parent_id, new.deleted_at is not null, is_new
            );
        end if;
        if new.list_id is null then
            new.list_id := (
                select list_id from duly.tasks where space_id = new.space_id and id = new.parent_id
            );
        end if;
    end if;
    if new.list_id is null then
        new.list_id := duly.inbox_of(new.space_id);
    elsif (is_new or new.list_id <> old.list_id) and new.list_id <> duly.inbox_of(new.space_id)
        and not exists (
            select from duly.lists where space_id = new.space_id and id = new.list_id
                and (deleted_at is null or new.deleted_at is not null)
        ) then
        raise exception 'there is no such list' using errcode = 'DU014';
    end if;
    if new.due_time is not null and new.due_date is null
        or new.due_time_zone is not null and new.due_time is null then
        raise exception 'a time needs a date, and a zone a time' using errcode = 'DU007';
    elsif new.recurrence is not null
        and (new.due_date is null or new.recurrence_anchor is null) then
        raise exception 'what recurs needs a date' using errcode = 'DU008';
    elsif new.due_time is null
        and new.recurrence ~ 'HOURLY|MINUTELY|BYHOUR|BYMINUTE|BYSECOND' then
        raise exception 'what recurs by the clock needs a time' using errcode = 'DU017';
    end if;
    return new;
end
$$
"""

# At the end of the statement, for one that moves a whole tree touches its rows in any order.
_CHECK_LIST = """
create function duly.check_list() returns trigger
language plpgsql
as $$
begin
    if exists (
        select from duly.tasks where space_id = new.space_id
            and (id = new.parent_id or parent_id = new.id) and list_id <> new.list_id
    ) then
        raise exception 'a task and its parent are in two lists' using errcode = 'DU009';
    end if;
    return null;
end
$$
"""

# As 0007 has it.
_KEY_TITLE = """
create function duly.key_title() returns trigger
language plpgsql
as $$
begin
    new.title_key := duly.title_key(new.title);
    return new;
end
$$
"""

_SETTLED = (
    "title, tags, description, list_id, parent_id, due_date, due_time, due_time_zone,"
    " recurrence, recurrence_anchor"
)

_TYPES = {
    "list_id": "uuid",
    "parent_id": "uuid",
    "position": "duly.rank",
    "tags": "duly.tags not null default '{}'",
    "priority": "duly.priority not null default 0",
    "due_date": "date",
    "due_time": "time(0)",
    "due_time_zone": "duly.time_zone",
    "due_key": "timestamp",
    "recurrence": "duly.recurrence",
    "recurrence_anchor": "timestamp(0)",
    "recurrence_from": "duly.recurrence_from not null default 'due'",
    "trashed_with": "uuid",
    "completed_with": "uuid",
    "words": "tsvector",
}

# What rows that are there already get, without a trigger that would number them.
_FOLLOW = {
    "list_id": "duly.inbox_of(space_id)",
    "position": "duly.rank_at(created_at)",
    "words": "duly.words(title, '{}', description)",
}

_WRITABLE = [
    *("parent_id", "list_id", "position", "tags", "priority", "due_date", "due_time"),
    *("due_time_zone", "recurrence", "recurrence_anchor", "recurrence_from", "trashed_with"),
    "completed_with",
]


def upgrade() -> None:
    for function in (_ARE_TAGS, _fold(), _WORDS):
        op.execute(function)
    for name, (base, check) in _DOMAINS.items():
        op.execute(f"create domain duly.{name} as {base} check ({check})")
    _add_columns()
    for function in (_CHECK_PARENT, _SETTLE_TASK, _CHECK_LIST):
        op.execute(function)
    op.execute("drop trigger key_title on duly.tasks")
    op.execute("drop function duly.key_title()")
    op.execute(
        f"create trigger settle_task before insert or update of {_SETTLED} on duly.tasks"
        " for each row execute function duly.settle_task()"
    )
    op.execute("alter table duly.tasks enable always trigger settle_task")
    op.execute(
        "create trigger check_list after update of list_id, parent_id on duly.tasks"
        " for each row execute function duly.check_list()"
    )


def downgrade() -> None:
    for trigger in ("check_list", "settle_task"):
        op.execute(f"drop trigger {trigger} on duly.tasks")
    op.execute(_KEY_TITLE)
    op.execute(
        "create trigger key_title before insert or update of title on duly.tasks"
        " for each row execute function duly.key_title()"
    )
    op.execute("alter table duly.tasks enable always trigger key_title")
    for function in (
        "check_list()",
        "settle_task()",
        "check_parent(text, uuid, uuid, boolean, boolean)",
    ):
        op.execute(f"drop function duly.{function}")
    dropped = ", ".join(f"drop column {column}" for column in _TYPES)
    op.execute(
        f"alter table duly.tasks {dropped}, add constraint tasks_space_id_fkey"
        " foreign key (space_id) references duly.spaces (id) on delete cascade"
    )
    for name in _DOMAINS:
        op.execute(f"drop domain duly.{name}")
    op.execute(
        "drop function duly.are_tags(text[]), duly.words(text, text[], text), duly.fold(text)"
    )


def _fold() -> str:
    """The function that leaves the words of a text, with blanks between."""
    return f"""
create function duly.fold(value text) returns text
language plpgsql immutable parallel safe
as $$
begin
    if octet_length(value) = char_length(value) then
        return translate(lower(value collate "C"), '{_PUNCTUATION}', '{" " * 32}');
    end if;
    return regexp_replace({folded("value")}, U&'[!-/:-@[-`{{-~{SYMBOLS}]', ' ', 'g');
end
$$
"""


def _add_columns() -> None:
    added = (
        f"add {name} {type_} generated always as ({_FOLLOW[name]}) stored not null"
        if name in _FOLLOW
        else f"add {name} {type_}"
        for name, type_ in _TYPES.items()
    )
    op.execute(f"alter table duly.tasks {', '.join(added)}")
    for name in _FOLLOW:
        op.execute(f"alter table duly.tasks alter {name} drop expression")
    op.execute("alter table duly.tasks alter position set default duly.rank_at(clock_timestamp())")
    op.execute(
        "alter table duly.tasks drop constraint tasks_space_id_fkey,"
        " add constraint tasks_list_id_fkey foreign key (space_id, list_id)"
        " references duly.lists (space_id, id) on delete cascade,"
        " add constraint tasks_parent_id_fkey foreign key (space_id, parent_id)"
        " references duly.tasks (space_id, id) on delete cascade"
    )
    op.execute(
        "create index tasks_in_list on duly.tasks (space_id, list_id, position, id)"
        " where deleted_at is null"
    )
    op.execute(
        "create index tasks_below on duly.tasks (space_id, parent_id) where parent_id is not null"
    )
    owned.grant("tasks", insert=_WRITABLE, update=_WRITABLE)
