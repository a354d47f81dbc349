"""Every error a client can meet, as one class each (RFC 9457 problem details).

`docs/errors.md` and `/problems/{code}` are made from this table.
"""

import json

from backend.core.history_problems import CursorTooOld as CursorTooOld  # noqa: PLC0414 - given on
from backend.core.history_problems import GoneForGood as GoneForGood  # noqa: PLC0414 - given on
from backend.core.history_problems import HistoryGone as HistoryGone  # noqa: PLC0414 - given on
from backend.core.history_problems import UndoConflict as UndoConflict  # noqa: PLC0414 - given on
from backend.core.problem import FieldError as FieldError  # noqa: PLC0414 - given on
from backend.core.problem import Problem as Problem  # noqa: PLC0414 - given on


class MalformedRequest(Problem):
    code = "malformed_request"
    status = 400
    title = "The request is malformed"
    meaning = "The request breaks HTTP itself, for instance with two Host header fields."
    remedy = "Send one well-formed HTTP request; a proxy in between may be altering it."
    ends_connection = True  # what comes behind it may be meant for somebody else


class InvalidJson(Problem):
    code = "invalid_json"
    status = 400
    title = "The body is not valid JSON"
    meaning = (
        "The body is not one JSON text in UTF-8 (RFC 8259), names a member twice, "
        "or nests more than 64 levels deep."
    )
    remedy = "Serialise the body with a JSON library and send it as UTF-8."


class OriginRefused(Problem):
    code = "origin_refused"
    status = 400
    title = "This origin or request is not allowed across origins"
    meaning = "A CORS preflight asked for an origin, method or header field that is not allowed."
    remedy = (
        "Add the exact origin of the page to `CORS_ORIGINS`, and header fields of your own to "
        "`CORS_HEADERS`."
    )

    def __init__(self, detail: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason  # for the log


class MissingToken(Problem):
    code = "missing_token"
    status = 401
    title = "This needs a token"
    meaning = "The request carries no bearer token."
    remedy = (
        "Get a token from Better Auth (`GET /api/auth/token` with the session cookie) "
        "and send it as `Authorization: Bearer TOKEN`."
    )


class InvalidToken(Problem):
    code = "invalid_token"
    status = 401
    title = "The token is not valid"
    meaning = (
        "The token is expired, not meant for this service, signed by an unknown key or malformed. "
        "Which of these is in the server's log under the request id, not in the answer."
    )
    remedy = "Get a fresh token and try once more; if that fails, let the user sign in again."


class WrongUser(Problem):
    code = "wrong_user"
    status = 403
    title = "The path names another user"
    meaning = "The user id in the path is not the subject of the token."
    remedy = "Use `/api/tasks`, which always means the caller, or the caller's own id."


class NotFound(Problem):
    code = "not_found"
    status = 404
    title = "There is nothing here"
    meaning = "The resource does not exist, or is not the caller's: the two cannot be told apart."
    remedy = "Check the path and the id; list the collection to see what exists."


class MethodNotAllowed(Problem):
    code = "method_not_allowed"
    status = 405
    title = "The resource does not know this method"
    meaning = "The path exists but not with this method."
    remedy = "Use one of the methods in the `Allow` header field."


class NotAcceptable(Problem):
    code = "not_acceptable"
    status = 406
    title = "Nothing that the client accepts is served here"
    meaning = (
        "The `Accept` header field excludes what the route serves: `application/json`, mostly."
    )
    remedy = "Send the media type that `detail` names as `Accept`, or leave the field out."


class RequestTimeout(Problem):
    code = "request_timeout"
    status = 408
    title = "The request did not come in time"
    meaning = (
        "Its header fields or its body stopped coming, or took too long in all "
        "(`HEAD_TIMEOUT`, `BODY_IDLE_TIMEOUT`, `BODY_TIMEOUT`). Nothing was done."
    )
    remedy = "Send it again, over a better connection or in smaller parts."
    ends_connection = True


class Conflict(Problem):
    code = "conflict"
    status = 409
    title = "The resource exists already"
    meaning = "A resource with this id exists already, perhaps in the trash."
    remedy = "If this was a retry, the first attempt succeeded; else choose a new UUIDv7."


class InTrash(Problem):
    code = "in_trash"
    status = 409
    title = "It is in the trash"
    meaning = (
        "A command of `POST /api/sync` would change a task or a list that is in the trash by now. "
        "It stays there as it was: a deletion beats a change."
    )
    remedy = "Show that it was deleted; if the change shall count, restore it and send that again."


class Misplaced(Problem):
    code = "misplaced"
    status = 409
    title = "The task cannot be put there"
    meaning = (
        "A task cannot be a part of itself or of its own parts, of a task in the trash, or stand "
        "deeper than five levels; its neighbour must be where `list_id` and `parent_id` say, if "
        "they are sent. Nothing was changed."
    )
    remedy = "Choose another parent, or null for the top level; `detail` says what is in the way."


class Entangled(Problem):
    code = "entangled"
    status = 409
    title = "Two operations of one transaction do not go together"
    meaning = (
        "One of several operations, all of which were to succeed, completes an occurrence of a "
        "recurring task, and one before it changes when that task is due. Nothing was changed."
    )
    remedy = "Send them one after the other, or not as one transaction."


class InboxProtected(Problem):
    code = "inbox_protected"
    status = 409
    title = "The inbox stays"
    meaning = "A user's inbox cannot be deleted or archived: it holds tasks that name no list."
    remedy = "Rename, colour or move it, or delete its tasks."


class UnexpectedCount(Problem):
    code = "unexpected_count"
    status = 409
    title = "The filter finds another number of tasks"
    meaning = (
        "`expected_count` is not the number of tasks that the filter finds now; `detail` says how "
        "many these are. Nothing was changed."
    )
    remedy = "Look at what the filter finds, and send the change with their number."


class BeingErased(Problem):
    code = "being_erased"
    status = 409
    title = "The account is being erased"
    meaning = (
        "`DELETE /api/me` was asked for, and the account is so large that it takes a while. "
        "Until all of it is gone, nothing of it can be read or written."
    )
    remedy = "Wait for `Retry-After` seconds; then the user starts anew, with nothing."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "3"})


class KeyInUse(Problem):
    code = "key_in_use"
    status = 409
    title = "A request with this key is being answered"
    meaning = "Another request with the same `Idempotency-Key` has begun and is not done yet."
    remedy = "Send the same request again after `Retry-After` seconds: it gets that one's answer."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class MisdirectedRequest(Problem):
    code = "misdirected_request"
    status = 421
    title = "This host name does not lead here for sure"
    meaning = (
        "The page of development and its tokens were asked for under a name that is no address, "
        "not `localhost`, and not in the settings: any page can point a name of its own at this "
        "machine, and would read what is answered (DNS rebinding)."
    )
    remedy = (
        "Use `localhost` or the address; or name the host in `HOST`, or the origin in "
        "`CORS_ORIGINS`."
    )


class StaleVersion(Problem):
    code = "stale_version"
    status = 412
    title = "The resource has changed"
    meaning = (
        "`If-Match` names a version that is no longer current, or `If-None-Match: *` is sent with "
        "the id of something that exists; nothing was written. `current` is what is there, if that "
        "is one thing."
    )
    remedy = (
        "Merge with `current`, or with what a GET gives, then retry with its `ETag` in `If-Match`."
    )

    def __init__(self, current: bytes | None = None, version: int | str = "") -> None:
        super().__init__(headers={"ETag": f'"{version}"'} if current else None)
        self.members = {"current": json.loads(current)} if current else {}


class BodyTooLarge(Problem):
    code = "body_too_large"
    status = 413
    title = "The body is too large"
    meaning = "A request body may have 64 KiB, unless the route says otherwise."
    remedy = "Send less, or split the work over several requests."


class UrlTooLong(Problem):
    code = "url_too_long"
    status = 414
    title = "The URL is too long"
    meaning = "Path and query together may have 8 KiB."
    remedy = "Shorten the query."


class UnsupportedMediaType(Problem):
    code = "unsupported_media_type"
    status = 415
    title = "The body is not of the right media type"
    meaning = (
        "The `Content-Type` of the body is not what the route takes: "
        "`application/json` or `…+json`, mostly."
    )
    remedy = "Send the body as the media type that `detail` names, and say so."


class ValidationFailed(Problem):
    code = "validation_failed"
    status = 422
    title = "The request is not acceptable"
    meaning = "The request is well-formed, but some of its values or names are not allowed."
    remedy = "Mend what `errors` lists: each has a pointer, a code and an explanation."


class KeyReused(Problem):
    code = "key_reused"
    status = 422
    title = "The key belongs to another request"
    meaning = (
        "The caller has sent this `Idempotency-Key` with another method, path, query, `If-Match`, "
        "`If-None-Match` or body within the last 24 hours. Nothing was done."
    )
    remedy = "Make a new key for each request; only a repeat of the same one carries its key."


class TooManyTasks(Problem):
    code = "too_many_tasks"
    status = 422
    title = "The user has as many tasks as they may have"
    meaning = (
        "Tasks in the trash count as well. Nothing was written; what there is can still be read, "
        "changed and restored."
    )
    remedy = "Delete tasks and empty the trash, or ask the operator for a larger number."


class TooManyLists(Problem):
    code = "too_many_lists"
    status = 422
    title = "The user has as many lists as they may have"
    meaning = "A user may make 500 lists, the inbox and those in the trash included."
    remedy = "Delete lists and empty the trash."


class TooManyMatches(Problem):
    code = "too_many_matches"
    status = 422
    title = "The filter finds more tasks than one request may change"
    meaning = "One request changes 10 000 tasks at most, or none. Nothing was changed."
    remedy = "Say more in the filter, and change them in several requests."


class RateLimited(Problem):
    code = "rate_limited"
    status = 429
    title = "There were too many requests"
    meaning = (
        "The user has used up a limit that `RateLimit-Policy` names, or too many tokens were "
        "refused from this address. Nothing was done."
    )
    remedy = "Retry after `Retry-After` seconds; `RateLimit` says what is left of the limit."
    ends_connection = True  # or whoever has many of them would keep them


class TooManyStreams(Problem):
    code = "too_many_streams"
    status = 429
    title = "The user has as many streams of events as they may have"
    meaning = "A user may have 20 at a time in each worker of the service."
    remedy = "Close some, or let the tabs of a browser share one; `GET /api/changes` always works."


class HeadersTooLarge(Problem):
    code = "headers_too_large"
    status = 431
    title = "The header fields are too large"
    meaning = "All header fields together may have 16 KiB."
    remedy = "Send fewer or shorter header fields; cookies are not needed here."


class InternalError(Problem):
    code = "internal_error"
    status = 500
    title = "Something went wrong here"
    meaning = "A bug in the service. It was logged under the request id."
    remedy = "Report the request id. A retry may or may not help."


class Unavailable(Problem):
    """A passing outage. Whoever answers it adds `Retry-After` with jitter."""

    code = "database_unavailable"
    status = 503
    title = "The database cannot be reached"
    meaning = (
        "The database is down, restarting or overloaded. "
        "For a write the outcome is unknown: it may have taken effect."
    )
    remedy = "Retry after `Retry-After` seconds; create with an `id` of your own to retry safely."


class ReadOnly(Unavailable):
    code = "read_only"
    title = "The database takes no writes"
    meaning = (
        "The database is a standby, was set to read only, or has no room left. "
        "Nothing was written; reads are answered as ever."
    )
    remedy = "Retry after `Retry-After` seconds; show what can be read meanwhile."


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too many requests are waiting"
    meaning = "The request was refused before any work was done, to keep the others fast."
    ends_connection = True  # or whoever has many of them would keep them
    remedy = "Retry after `Retry-After` seconds. Nothing was written."


class DeadlineExceeded(Unavailable):
    code = "deadline_exceeded"
    title = "The request took too long"
    meaning = (
        "No answer within the deadline, 2 seconds unless the route says otherwise. "
        "For a write the outcome is unknown."
    )
    ends_connection = True


class KeysUnavailable(Unavailable):
    code = "keys_unavailable"
    title = "The token cannot be checked right now"
    meaning = "The key that signed the token is not known, and could not be looked for in time."
    remedy = "Retry after `Retry-After` seconds with the same token; do not sign the user out."
