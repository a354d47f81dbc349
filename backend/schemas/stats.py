"""Statistics as clients receive them."""

import datetime as dt

from pydantic import BaseModel, Field


class DayCount(BaseModel):
    """What was completed on a day."""

    date: dt.date
    count: int


class Stats(BaseModel):
    """How many tasks there are outside the trash. Days are those of the user's time zone."""

    open: int
    completed: int
    overdue: int = Field(description="Open, and due before now.")
    due_today: int = Field(description="Open, and due on this day, overdue or not.")
    completed_per_day: list[DayCount] = Field(
        description="The last 30 days, today the last one; those without any too."
    )
