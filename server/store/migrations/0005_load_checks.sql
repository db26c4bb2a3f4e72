-- Load checks, whole as JSON in `body`. `target` is empty until the form is right.
CREATE TABLE load_checks (
    id       TEXT    NOT NULL PRIMARY KEY,
    state    TEXT    NOT NULL,
    target   TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX load_checks_created ON load_checks (created);
CREATE INDEX load_checks_target ON load_checks (target, created);
