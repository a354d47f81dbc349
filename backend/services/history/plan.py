"""What an undo has to do: which changes it takes back, and what that makes of each row.

Of each field that they changed, three values count: what it was before them, what they made it, and
what it is now; the history has all three. Somebody's later change is in the way when the field is
neither what they made it nor what it was. So undos, one after the other, are not in each other's.

All is read in one pass over the history since the first of them, and grouped, without a join: so
there is no plan for PostgreSQL to choose badly, which makes one for everybody.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, DateTime, Text, bindparam

from backend.database.queries import Parts, select
from backend.database.statements import Fragment, Where
from backend.models import Change, Space
from backend.schemas.batch import MOST_CHANGED

_MOST_NAMED: Final = 100
_APART: Final = "interval '10 seconds'"  # more than any request may take
_VERSION: Final = Fragment(bindparam("version", type_=BigInteger))
_SINCE_VERSION: Final = Fragment(bindparam("since_version", type_=BigInteger))
_SINCE: Final = Fragment(bindparam("since", type_=DateTime(timezone=True)))
_ACTOR: Final = Fragment(bindparam("actor", type_=Text))
_TYPE: Final = Fragment(bindparam("type", type_=Text))
_FORCE: Final = Fragment(bindparam("force", type_=Boolean))
_COLUMNS: Final = (
    "history.version, history.type, history.entity_id, history.change, history.before,"
    " history.after, "
)
_SPACE: Final[Parts] = (
    *("space AS MATERIALIZED (", *select("spaces.history_floor, spaces.history_from", Space)),
    "\nLIMIT 1)",
)

# Of who begins after others have left, nothing is missing: only numbers begin higher.
_FLOOR: Final = "CASE WHEN space.history_from > '-infinity' THEN space.history_floor ELSE -1 END"

# One request may be several transactions: it is undone as one.
_TARGET: Final = "(SELECT target.{} FROM target)".format
ONE: Final[Parts] = (
    *("WITH ", *_SPACE, ", target AS MATERIALIZED ("),
    *select(
        "history.operation, history.request_id, history.at",
        Change,
        Fragment("history.version = ", _VERSION),
    ),
    "\nLIMIT 1), earlier AS MATERIALIZED (",
    *select(
        "history.version",
        Change,
        Fragment(f"history.version < {_TARGET('operation')}"),
        Fragment(f"history.at < {_TARGET('at')} - {_APART}"),
    ),
    "\nORDER BY history.version DESC LIMIT 1), known AS MATERIALIZED (",
    *select(
        f"{_COLUMNS}history.operation = {_TARGET('operation')}"
        f" OR coalesce(history.request_id = {_TARGET('request_id')}"
        f" AND history.at < {_TARGET('at')} + {_APART}, false) AS is_chosen",
        Change,
        Fragment("EXISTS (SELECT FROM target)"),
        Fragment("history.version > coalesce((SELECT earlier.version FROM earlier), 0)"),
    ),
    *("), reach AS (SELECT ", f"{_TARGET('operation')} > space.history_floor AS is_whole"),
    *(", ", _VERSION, f" > {_FLOOR} AS is_known FROM space)"),
)
"""The changes since one of them, of which those that the same request made are chosen."""

SEVERAL: Final[Parts] = (
    *("WITH ", *_SPACE, ", known AS MATERIALIZED ("),
    *select(
        Fragment(
            *(_COLUMNS, "coalesce(history.type = ", _TYPE, ", true) AND coalesce(history.actor = "),
            *(_ACTOR, ", ", _ACTOR, " IS NULL) AS is_chosen"),
        ),
        Change,
        Fragment("history.version > coalesce(", _SINCE_VERSION, ", 0)"),
        Fragment("history.at >= coalesce(", _SINCE, ", '-infinity')"),
    ),
    *("), reach AS (SELECT coalesce(", _SINCE_VERSION, f" >= {_FLOOR}, true)"),
    *(" AND coalesce(", _SINCE, " >= space.history_from, true) AS is_whole"),
    ", true AS is_known FROM space)",
)
"""The changes since a version or a time, of which some are chosen by type and actor."""

# A new task or list goes to the trash, where it may be already; new settings were the default.
_OLD: Final = (
    "CASE WHEN known.change <> 'created' THEN known.before"
    " WHEN known.type = 'settings' THEN '{\"time_zone\": \"UTC\"}'"
    " ELSE jsonb_build_object('deleted_at', now()) END"
)
_NEW: Final = (
    "CASE WHEN known.change <> 'created' THEN known.after -> field.key"
    " WHEN known.type <> 'settings' THEN 'null' END"
)
PLAN: Final[Parts] = (
    ", each AS (SELECT known.version, known.type, known.entity_id, known.change, known.is_chosen,",
    f" field.key, field.value AS old, {_NEW} AS new\nFROM known LEFT JOIN LATERAL",
    f" jsonb_each({_OLD}) AS field ON true), fields AS MATERIALIZED (",
    "SELECT each.type, each.entity_id, each.key,",
    " bool_or(each.is_chosen) AS is_chosen,",
    " array_agg(each.version) FILTER (WHERE each.change = 'deleted') AS deletions,",
    " array_agg(each.version) FILTER (WHERE NOT each.is_chosen) AS others,",
    " min(each.version) FILTER (WHERE each.is_chosen) AS first,",
    " max(each.version) FILTER (WHERE each.is_chosen) AS last,",
    " (array_agg(each.old ORDER BY each.version) FILTER (WHERE each.is_chosen))[1] AS was,",
    # Of new settings the history does not say what they were, but the next change does.
    " coalesce((array_agg(each.new ORDER BY each.version DESC) FILTER (WHERE each.is_chosen))[1],",
    " (array_agg(each.old ORDER BY each.version) FILTER (WHERE NOT each.is_chosen))[1]) AS made,",
    " (array_agg(each.new ORDER BY each.version DESC))[1] AS now,",
    " bool_or(each.is_chosen AND each.change = 'created' AND each.type <> 'settings') AS is_new",
    "\nFROM each GROUP BY each.type, each.entity_id, each.key), judged AS MATERIALIZED (SELECT *,",
    " fields.is_chosen AND fields.key IS NOT NULL AND fields.was IS DISTINCT FROM fields.now",
    " AND NOT (fields.is_new AND fields.now <> 'null') AS is_to_change",
    " FROM fields), conflicts AS (SELECT DISTINCT other.version FROM judged,",
    " unnest(judged.others) AS other (version)",
    Where(
        (
            Fragment("judged.is_to_change"),
            Fragment("other.version > judged.first"),
            Fragment("(judged.now IS DISTINCT FROM judged.made OR other.version < judged.last)"),
        )
    ),
    f" ORDER BY other.version LIMIT {_MOST_NAMED}), entities AS MATERIALIZED (",
    "SELECT judged.type, judged.entity_id, max(judged.deletions[1]) AS gone_by,",
    " jsonb_object_agg(judged.key, judged.was) FILTER (WHERE judged.is_to_change) AS was",
    "\nFROM judged GROUP BY judged.type, judged.entity_id HAVING bool_or(judged.is_chosen)),",
    " verdict AS MATERIALIZED (SELECT reach.is_known, reach.is_whole,",
    " count(entities.entity_id) AS number, count(entities.gone_by) AS number_gone,",
    " (array_agg(entities.gone_by ORDER BY entities.gone_by)",
    f" FILTER (WHERE entities.gone_by IS NOT NULL))[1:{_MOST_NAMED}] AS gone,",
    " ARRAY(SELECT conflicts.version FROM conflicts) AS conflicts",
    "\nFROM reach LEFT JOIN entities ON true GROUP BY reach.is_whole, reach.is_known),",
    " ready AS MATERIALIZED (SELECT entities.type, entities.entity_id, entities.was,",
    " jsonb_exists_any(entities.was, '{list_id,parent_id}') AS is_moved,",
    " entities.was ->> 'parent_id' IS NOT NULL AS has_parent,",
    " coalesce(entities.was -> 'deleted_at' = 'null', false) AS comes_back FROM entities, verdict",
    Where(
        (
            Fragment("entities.was IS NOT NULL AND entities.gone_by IS NULL"),
            Fragment(f"verdict.is_whole AND verdict.number <= {MOST_CHANGED}"),
            Fragment("(", _FORCE, " OR verdict.conflicts = '{}' AND verdict.gone IS NULL)"),
        )
    ),
    ")",
)
"""Goes on from either: `verdict` says whether it can be done, `ready` what is to change."""
