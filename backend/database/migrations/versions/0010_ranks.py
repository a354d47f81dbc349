"""Ranks: texts between any two of which there is another, so that moving one row writes one row.

Base 62 in the order of ASCII. A rank is a whole part, whose first character says how long it is,
and a fraction: the scheme of the `fractional-indexing` libraries, so that a client can make one as
well (docs/decisions/0035-order.md).
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# No table has it yet; domains instead of constraints are decided (0015).
squawk_ignores = ["ban-create-domain-with-constraint"]

_DIGITS = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'"

# The rank of a moment: a later one is larger, so what is made later comes last, unread.
_RANK_AT = """
create function duly.rank_at(moment timestamptz) returns text
language plpgsql immutable parallel safe
as $$
begin
    return 'm' || lpad(to_hex((extract(epoch from moment) * 1000000)::bigint), 13, '0');
end
$$
"""

_RANK_WHOLE = """
create function duly.rank_whole(rank text) returns text
language sql immutable parallel safe strict
return left(rank, case when left(rank, 1) collate "C" >= 'a'
    then ascii(rank) - ascii('a') + 2 else ascii('Z') - ascii(rank) + 2 end)
"""

# The next or the previous whole part; null beyond the largest and the smallest one.
_RANK_STEP = f"""
create function duly.rank_step(whole text, up boolean) returns text
language plpgsql immutable parallel safe strict
as $$
declare
    digits constant text := {_DIGITS};
    head text := left(whole, 1);
    rest text := substr(whole, 2);
    place int := length(rest);
    digit int;
begin
    while place > 0 loop
        digit := strpos(digits, substr(rest, place, 1)) + case when up then 0 else -2 end;
        if digit between 0 and 61 then
            return head || overlay(rest placing substr(digits, digit + 1, 1) from place for 1);
        end if;
        rest := overlay(rest placing case when up then '0' else 'z' end from place for 1);
        place := place - 1;
    end loop;
    if up then
        if head = 'z' then
            return null;
        elsif head = 'Z' then
            return 'a0';
        end if;
        head := chr(ascii(head) + 1);
        return head || case when head collate "C" > 'a' then rest || '0' else left(rest, -1) end;
    end if;
    if head = 'A' then
        return null;
    elsif head = 'a' then
        return 'Zz';
    end if;
    head := chr(ascii(head) - 1);
    return head || case when head collate "C" < 'Z' then rest || 'z' else left(rest, -1) end;
end
$$
"""

# Between two fractions of one whole part; '' is nothing below, and no bound above.
_RANK_MIDDLE = f"""
create function duly.rank_middle(low text, high text) returns text
language plpgsql immutable parallel safe strict
as $$
declare
    digits constant text := {_DIGITS};
    made text := '';
    bounded boolean := high <> '';
    lower_digit int;
    upper_digit int;
begin
    loop
        lower_digit := coalesce(strpos(digits, nullif(left(low, 1), '')), 1) - 1;
        upper_digit := case when bounded then strpos(digits, left(high, 1)) - 1 else 62 end;
        if lower_digit = upper_digit then
            made := made || left(high, 1);
            low := substr(low, 2);
            high := substr(high, 2);
        elsif upper_digit - lower_digit > 1 then
            return made || substr(digits, (lower_digit + upper_digit + 1) / 2 + 1, 1);
        elsif bounded and length(high) > 1 then
            return made || left(high, 1);
        else
            made := made || substr(digits, lower_digit + 1, 1);
            low := substr(low, 2);
            bounded := false;
        end if;
    end loop;
end
$$
"""

_RANK_BETWEEN = """
create function duly.rank_between(low text, high text) returns text
language plpgsql immutable parallel safe
as $$
declare
    low_whole text := duly.rank_whole(low);
    high_whole text := duly.rank_whole(high);
    low_fraction text := substr(low, length(low_whole) + 1);
    high_fraction text := substr(high, length(high_whole) + 1);
    next_whole text;
begin
    if low is null and high is null then
        return 'a0';
    elsif low is null then
        if high_fraction <> '' then
            return high_whole;
        end if;
        return coalesce(
            duly.rank_step(high_whole, false), high_whole || duly.rank_middle('', high_fraction)
        );
    end if;
    next_whole := duly.rank_step(low_whole, true);
    if high is null then
        return coalesce(next_whole, low_whole || duly.rank_middle(low_fraction, ''));
    elsif low collate "C" >= high then
        raise exception 'there is nothing between' using errcode = 'DU004';
    elsif low_whole = high_whole then
        return low_whole || duly.rank_middle(low_fraction, high_fraction);
    elsif next_whole collate "C" < high then
        return next_whole;
    end if;
    return low_whole || duly.rank_middle(low_fraction, '');
end
$$
"""

_FUNCTIONS = {
    "rank_at(timestamptz)": _RANK_AT,
    "rank_whole(text)": _RANK_WHOLE,
    "rank_step(text, boolean)": _RANK_STEP,
    "rank_middle(text, text)": _RANK_MIDDLE,
    "rank_between(text, text)": _RANK_BETWEEN,
}


def upgrade() -> None:
    op.execute(
        "create domain duly.rank as text collate \"C\" check (value ~ '^[0-9A-Za-z]{2,200}$')"
    )
    for create in _FUNCTIONS.values():
        op.execute(create)


def downgrade() -> None:
    for function in reversed(_FUNCTIONS):
        op.execute(f"drop function duly.{function}")
    op.execute("drop domain duly.rank")
