-- Batches, whole as JSON in `body`, and those of their rows that failed. Moments are milliseconds since 1970.
CREATE TABLE batches (
    id       TEXT    NOT NULL PRIMARY KEY,
    state    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX batches_created ON batches (created);

CREATE TABLE batch_errors (
    batch  TEXT    NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    row    INTEGER NOT NULL,
    status INTEGER,
    error  TEXT    NOT NULL,
    PRIMARY KEY (batch, row)
) STRICT, WITHOUT ROWID;
