-- Pipelines: unfinished wizards, what was made, and the runs that made it, whole as JSON in `body`.
-- Moments are milliseconds since 1970.
CREATE TABLE pipeline_drafts (
    id      TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE INDEX pipeline_drafts_changed ON pipeline_drafts (changed);

CREATE TABLE pipelines (
    id      TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;

-- A run is written before its pipeline, and stays when that is forgotten: `pipeline` refers to no row.
CREATE TABLE pipeline_runs (
    id       TEXT    NOT NULL PRIMARY KEY,
    pipeline TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    started  INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX pipeline_runs_pipeline ON pipeline_runs (pipeline, started);
CREATE INDEX pipeline_runs_state ON pipeline_runs (state);
