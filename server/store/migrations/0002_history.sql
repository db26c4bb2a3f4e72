-- The history of calls, meant for millions of rows. The tables are STRICT: what is not of its column's type is refused.
-- Moments are milliseconds since 1970.

-- What was called, through what: few rows, however many calls. Looking for a text looks here only.
CREATE TABLE call_targets (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT NOT NULL,
    through  TEXT NOT NULL,
    label    TEXT NOT NULL,
    UNIQUE (endpoint, through, label)
) STRICT;

CREATE TABLE calls (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    target INTEGER NOT NULL REFERENCES call_targets (id),
    who    TEXT    NOT NULL,
    class  TEXT    NOT NULL,
    code   TEXT    NOT NULL,
    body   TEXT    NOT NULL
) STRICT;
-- Each ends with `at`, in whose order calls are shown: a page is read off the index's end.
CREATE INDEX calls_at ON calls (at);
CREATE INDEX calls_target ON calls (target, at);
CREATE INDEX calls_who ON calls (who, at);
-- Most calls are answered; the others are what people look for, and are few.
CREATE INDEX calls_problem_at ON calls (at) WHERE class <> 'answered';
CREATE INDEX calls_problem_target ON calls (target, at) WHERE class <> 'answered';
CREATE INDEX calls_problem_class ON calls (class, at) WHERE class <> 'answered';
CREATE INDEX calls_problem_code ON calls (code, at) WHERE class <> 'answered';

-- What was said and answered, while the settings say that it is kept. `kept` is when the call was made: how long it
-- stays is counted from there by the settings as they are now.
CREATE TABLE call_bodies (
    call INTEGER PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    kept INTEGER NOT NULL,
    body TEXT    NOT NULL
) STRICT;
CREATE INDEX call_bodies_kept ON call_bodies (kept);

-- What people set for the whole console, by name.
CREATE TABLE settings (
    name    TEXT    NOT NULL PRIMARY KEY,
    changed INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
