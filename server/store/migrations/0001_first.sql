-- Records are kept whole as JSON in `body`; beside it stand only the columns that queries need.
-- Moments are milliseconds since 1970, in BIGINT. Apart from the key of `activity` this is portable SQL.

CREATE TABLE drafts (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    body    TEXT   NOT NULL
);
CREATE INDEX drafts_changed ON drafts (changed);

CREATE TABLE shares (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    created BIGINT NOT NULL,
    body    TEXT   NOT NULL
);

CREATE TABLE runs (
    id       TEXT   NOT NULL PRIMARY KEY,
    share    TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    started  BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX runs_share ON runs (share, started);
CREATE INDEX runs_state ON runs (state);

-- A lease that has ended stays until someone takes it: whoever comes next overwrites it.
CREATE TABLE leases (
    name  TEXT   NOT NULL PRIMARY KEY,
    owner TEXT   NOT NULL,
    ends  BIGINT NOT NULL
);

-- `digest` is the SHA-256 of the cookie: the database alone opens no session.
CREATE TABLE sessions (
    digest  TEXT   NOT NULL PRIMARY KEY,
    label   TEXT   NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE activity (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    outcome TEXT   NOT NULL,
    detail  TEXT   NOT NULL,
    share   TEXT,
    run     TEXT,
    took_ms BIGINT
);
